import TestSupport
import Testing
import Tokenizers

/// Character maps as damaged or hostile files hold them: refused by a typed error, or harmless.
@Suite struct HostileCharacterMapTests {
    private static let texts = [
        "", "a", "ab  c\n", "e\u{301}x", "中文 托盘", "\u{0}\u{FFFD}\u{10FFFF}", String(repeating: "a", count: 3000),
    ]

    /// The error for these bytes; a map that is taken must encode all texts.
    private func error(_ bytes: [UInt8]) -> TokenizerError? {
        var definition = UnigramTests.definition([("▁", -1), ("a", -2), ("b", -2), ("中", -3), ("▁a", -2.5)])
        definition.characterMap = bytes
        do throws(TokenizerError) {
            let tokenizer = try Tokenizer(definition)
            for text in Self.texts {
                let ids = tokenizer.encode(text, addSpecial: true, parseSpecial: false)
                #expect(ids.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) })
            }
            return nil
        } catch {
            #expect(!error.description.isEmpty)
            return error
        }
    }

    private func isRefused(_ bytes: [UInt8]) -> Bool {
        if case .malformedCharacterMap(let offset, _)? = error(bytes) { offset <= bytes.count } else { false }
    }

    private static func map() -> CharacterMapBytes {
        CharacterMapBytes([("a", "b"), ("e\u{301}", "é"), ("中文", "中"), ("\n", " "), ("ab", "")])
    }

    @Test func takesTheWholeMap() {
        #expect(error(Self.map().bytes) == nil)
    }

    @Test func sizes() {
        let bytes = Self.map().bytes
        for count in 1..<8 { #expect(isRefused(Array(bytes.prefix(count)))) }
        for size: UInt32 in [0, 1, 3, 6, UInt32(bytes.count - 3), .max, 0x8000_0000, 0xFFFF_FFFC] {
            #expect(isRefused(CharacterMapBytes.words([size]) + bytes.dropFirst(4)), "\(size)")
        }
        #expect(isRefused([UInt8](repeating: 0, count: (16 << 20) + 1)))
    }

    /// Every prefix of a map lacks a replacement, the end of one, or units.
    @Test func truncated() {
        let bytes = Self.map().bytes
        for count in stride(from: 1, to: bytes.count - 1, by: 7) { #expect(isRefused(Array(bytes.prefix(count)))) }
        #expect(isRefused(bytes.dropLast()))
    }

    @Test func unitsThatLeadOutside() {
        let map = Self.map()
        for place in [0, 256 + 0x61, 511] {
            for unit: UInt32 in [0x7FFF_FC00, 0x7FFF_FE00, 0x7FFF_FF61, 0x0080_0200] {
                var units = map.units
                units[place] = unit
                let size = CharacterMapBytes.words([UInt32(units.count * 4)])
                #expect(isRefused(size + CharacterMapBytes.words(units) + map.replacements))
            }
        }
    }

    @Test func replacementsThatAreNone() {
        let map = Self.map()
        let places = map.units.indices.filter { map.units[$0] >> 31 == 1 }
        #expect(places.count == 5)
        for place in places {
            // Beyond the end; within a character; no value at all.
            for unit: UInt32 in [0x8000_0000 | UInt32(map.replacements.count), 0xFFFF_FFFF, 0x8000_0003, 0] {
                var units = map.units
                units[place] = unit
                let size = CharacterMapBytes.words([UInt32(units.count * 4)])
                #expect(isRefused(size + CharacterMapBytes.words(units) + map.replacements), "\(place) \(unit)")
            }
        }
    }

    @Test func replacementsThatAreNoText() {
        var map = CharacterMapBytes([])
        map.add([0x61], [0xE4, 0xB8])
        #expect(isRefused(map.bytes))
        map = CharacterMapBytes([("a", String(repeating: "x", count: 257))])
        #expect(isRefused(map.bytes))
        map = CharacterMapBytes([("a", String(repeating: "x", count: 256))])
        #expect(error(map.bytes) == nil)
    }

    /// Keys that are parts of characters are never taken, so that the rest of a text stays well-formed.
    @Test func keysThatArePartsOfCharacters() throws {
        var map = CharacterMapBytes([("a", "b")])
        map.add([0xE4], [0x61])
        map.add([0xE4, 0xB8], [0x61])
        var definition = UnigramTests.definition([("▁", -1), ("中", -2), ("b", -2)])
        definition.characterMap = map.bytes
        let ids = try Tokenizer(definition).encode("中a", addSpecial: false, parseSpecial: false)
        #expect(ids == [3, 4, 5])
    }

    /// An array whose units lead back to themselves: a walk must end, and long texts take linear time.
    @Test func circles() {
        var units = [UInt32](repeating: 0, count: 256)
        units[0] = 0
        for byte in 1..<256 { units[byte] = UInt32(byte << 10) | UInt32(byte) }
        let bytes = CharacterMapBytes.words([1024]) + CharacterMapBytes.words(units) + [0x78, 0]
        var definition = UnigramTests.definition([("▁", -1), ("a", -2)])
        definition.characterMap = bytes
        let clock = ContinuousClock()
        let time = clock.measure {
            let text = String(repeating: "a", count: 500_000)
            _ = try? Tokenizer(definition).encode(text, addSpecial: false, parseSpecial: false)
        }
        #expect(time < .seconds(10))
        #expect(error(bytes) == nil)
    }

    @Test func flippedBytes() {
        let bytes = Self.map().bytes
        let used = bytes.indices.filter { bytes[$0] != 0 }
        var random = SeededRandom(seed: 5)
        for _ in 0..<(Shared.long ? 50_000 : 2_000) {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place =
                    Bool.random(using: &random)
                    ? used[Int.random(in: 0..<used.count, using: &random)]
                    : Int.random(in: 0..<bytes.count, using: &random)
                damaged[place] = UInt8.random(in: 0...255, using: &random)
            }
            _ = error(damaged)
        }
    }
}
