import Testing
import Text

@Suite("Folding and cleaning")
struct NormalisationTests {
    @Test(arguments: [
        ("ＰＴ－１２１０", "pt-1210"), ("１２０", "120"), ("㎡", "m2"), ("①②⑳", "1220"), ("Ⅳ", "iv"), ("CAFÉ", "cafe"),
        ("Cafe\u{301}", "cafe"), ("\u{FA11}", "\u{FA11}"), ("\u{F900}", "豈"), ("⼀⼆", "一二"), ("nǐ hǎo", "ni hao"),
        ("ｱｲ", "アイ"),
        ("2025年３月", "2025年3月"), ("“a”—‘b’", "\"a\"-'b'"), ("a\u{200B}b", "ab"), ("½", "1/2"), ("ﬁn", "fin"),
        ("５０％", "50%"),
        ("（一）", "(一)"), ("Straße", "strase"), ("", ""),
    ])
    func foldsToTheSearchForm(source: String, expected: String) {
        #expect(Normalisation.fold(source).string == expected)
        #expect(Normalisation.folded(source) == expected)
    }

    @Test func mapsFoldedRangesBackToTheSource() {
        let folded = Normalisation.fold("面积㎡ＰＴ")  // 面 积 m 2 p t
        #expect(folded.scalars.count == 6)
        #expect(folded.origins == [0, 1, 2, 2, 3, 4])
        #expect(folded.sourceRange(2..<3) == 2..<3)
        #expect(folded.sourceRange(3..<5) == 2..<4)
        #expect(folded.sourceRange(0..<6) == 0..<5)
        #expect(folded.sourceRange(6..<6) == 5..<5)
        #expect(folded.sourceRange(-3..<99) == 0..<5)
        #expect(folded.sourceCount == 5)
    }

    @Test func foldingIsIdempotent() {
        let text = "ＡＢＣ①㎡½ Ⅻ ﬃ Å № ¥１２．５０　“ok”……\u{FEFF}é"
        let once = Normalisation.folded(text)
        #expect(Normalisation.folded(once) == once)
    }

    @Test func comparisonKeyLooksPastTypography() {
        #expect(Normalisation.comparisonKey("价格：１２０ 元。") == Normalisation.comparisonKey("价格:120元"))
        #expect(Normalisation.comparisonKey("价格120元") != Normalisation.comparisonKey("价格121元"))
    }

    @Test(arguments: [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"), ("a\u{2028}b\u{85}c", "a\nbc"), ("a  \t\nb", "a\nb"),
        ("a\n\n\n\n\nb", "a\n\nb"),
        ("\n\n a\n\n", " a"), ("　　段落一\n　　段落二", "段落一\n段落二"), ("零\u{200B}宽\u{FEFF}\u{202A}度\u{AD}", "零宽度"),
        ("空\u{0}字\u{7}节\u{C}", "空字节"), ("私\u{E000}用", "私用"), ("坏\u{FFFD}字", "坏字"), ("a\u{A0}b", "a b"),
        ("①㎡ＡＢ", "①㎡ＡＢ"),
        ("    code\n\tx", "    code\n\tx"), ("👨\u{200D}👩", "👨\u{200D}👩"), ("中\u{200D}文", "中文"), ("   ", ""), ("", ""),
    ])
    func cleansForKeeping(source: String, expected: String) {
        let cleaned = Normalisation.clean(source).text
        #expect(cleaned == expected)
        #expect(Array(cleaned.unicodeScalars) == Array(expected.unicodeScalars))
        #expect(Normalisation.clean(cleaned).text == cleaned)
    }

    @Test func countsWhatItRemoved() {
        let cleaned = Normalisation.clean("a\u{0}b\u{200B}\u{FFFD}\u{FFFD}")
        #expect(cleaned.removedControls == 2)
        #expect(cleaned.removedReplacements == 2)
    }
}
