/// Random numbers that are the same in every run (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Random texts for tests.
enum RandomText {
    private static let words = [
        "the", " pallet", "托盘", "租赁", "，", "。", " ", "  ", "\n", "\n\n", "\r\n", "\t", "12",
        "3", "2025", "½", "Ⅳ", "'s", "'LL", "'", "don't", "é", "e\u{301}", "ß", "한국", "ひらがな",
        "ABC", "x", "_", "--", "!!", "…", "€", "😀", "👨‍👩‍👧", "\u{3000}", "\u{A0}", "\u{85}",
        "\u{200B}", "\u{FEFF}", "\u{0B}", "\u{2028}", "\u{1C}", "▁", "<s>", "<|im_end|>", "٣",
        "के", "ت", "\u{E000}", "\u{10FFFF}", "𠀀", "\u{0}", "~", "a1b2", "ſ", "'ſ", "$", "+=",
        "000", "1234567", "１２３", "：", "《", "》", "\u{0483}", "ǅ",
    ]

    /// A mix of words, signs, spaces and rare characters.
    static func words(_ random: inout SeededRandom) -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0...24, using: &random) {
            let word = words[Int.random(in: 0..<words.count, using: &random)]
            for _ in 0..<(Int.random(in: 0..<8, using: &random) == 0 ? 3 : 1) { text += word }
        }
        return text
    }

    /// Few different letters, so that many merges compete.
    static func repeats(_ random: inout SeededRandom, length: Int) -> String {
        let letters = Array("aabe tonr的一")
        return String((0..<length).map { _ in letters[Int.random(in: 0..<letters.count, using: &random)] })
    }
}
