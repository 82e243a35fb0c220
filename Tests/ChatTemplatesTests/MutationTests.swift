import ChatTemplates
import TestSupport
import Testing

/// Published templates with bytes removed, doubled, changed or exchanged: each is rendered or refused.
@Suite("Mutated templates", .enabled(if: Shared.available, Shared.hint))
struct MutationTests {
    /// A generator whose seed stands here, so that a failure can be repeated (Marsaglia's xorshift).
    struct Random: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    static let pieces: [String] = [
        "{{", "}}", "{%", "%}", "{#", "#}", "-%}", "{%-", "(", ")", "[", "]", "{", "}", "|", ".", "'", "\"", "\\", "*",
        "**", "//", "%", "~", "is ", "in ", "not ", "if ", "else ", "for ", "{% endif %}", "{% endfor %}",
        "{% set x = x ~ x %}", "{% break %}", "loop", "messages", "namespace(", "99999999999999999999",
        "9223372036854775807",
        "-1", "::-1", "\u{3000}", "\u{0}", "\r\n", "{% macro m(a) %}", "{% endmacro %}", "| map('upper')", "|tojson",
    ]

    static func mutate(_ source: [UInt8], _ random: inout Random) -> String {
        var bytes = source
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0...bytes.count, using: &random)
            let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes.removeSubrange(place..<end)
            case 1: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 2: bytes.insert(contentsOf: (pieces.randomElement(using: &random) ?? "").utf8, at: place)
            case 3: bytes.removeSubrange(place...)
            case 4 where place < bytes.count: bytes[place] ^= UInt8.random(in: 1...255, using: &random)
            default:
                let from = Int.random(in: 0...bytes.count, using: &random)
                let piece = bytes[from..<min(bytes.count, from + 60)]
                bytes.replaceSubrange(place..<end, with: Array(piece))
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Bounds on work hold for whatever a template does: none may take longer.
    private static let limit = Duration.seconds(2)

    @Test func areRenderedOrRefused() throws {
        var random = Random(state: 20_261_126)
        let sources = try ReferenceCases.templates().map { Array(try ReferenceCases.source($0).utf8) }
        let conversations = try ReferenceCases.conversations().map(\.variables.variables)
        let clock = ContinuousClock()
        var slowest = Duration.zero
        var slowestSource = ""
        var rendered = 0
        let count = Shared.long ? 50_000 : 400
        for _ in 0..<count {
            let source = Self.mutate(sources.randomElement(using: &random) ?? [], &random)
            let variables = conversations.randomElement(using: &random) ?? []
            let time = clock.measure {
                if (try? ChatTemplate(source: source).render(variables, now: ReferenceCases.now)) != nil {
                    rendered += 1
                }
            }
            if time > slowest { (slowest, slowestSource) = (time, source) }
        }
        #expect(slowest < Self.limit, "\(slowest): \(slowestSource)")
        // Both happen, or the mutations do not reach what they should.
        #expect(rendered > count / 100 && rendered < count)
        if Shared.long { print("\(count) mutations: \(rendered) rendered, slowest \(slowest)") }
    }
}
