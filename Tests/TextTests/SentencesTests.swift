import Testing
import Text

@Suite("Sentences")
struct SentencesTests {
    @Test(arguments: [
        ("托盘很好。租金是多少？太贵了！", ["托盘很好。", "租金是多少？", "太贵了！"]),
        ("单价3.5元，版本v1.2可用。好", ["单价3.5元，版本v1.2可用。", "好"]),
        ("他说：“好。”然后走了。", ["他说：“好。”", "然后走了。"]),
        ("真的吗？！是的……完", ["真的吗？！", "是的……", "完"]),
        ("嗯……，再看", ["嗯……，再看"]),
        ("Mr. Smith paid $3.50. He left.", ["Mr. Smith paid $3.50.", "He left."]),
        ("J. Smith wrote it. Yes! No? OK", ["J. Smith wrote it.", "Yes!", "No?", "OK"]),
        ("e.g. pallets are used. See fig. 3 for it.", ["e.g. pallets are used.", "See fig. 3 for it."]),
        ("1. 打开阀门\n2. 关闭阀门", ["1. 打开阀门", "2. 关闭阀门"]),
        ("一；二；三", ["一；", "二；", "三"]), ("见http://a.cn/x?y=1;z=2页面", ["见http://a.cn/x?y=1;z=2页面"]),
        ("完成.下一步", ["完成.", "下一步"]), ("\n\n  \n", []), ("", []), ("Pay by Friday. 托盘可退。", ["Pay by Friday.", "托盘可退。"]),
        ("热线400-820-8820。欢迎来电", ["热线400-820-8820。", "欢迎来电"]),
    ])
    func splits(text: String, expected: [String]) {
        #expect(Sentences.split(text).map(\.text) == expected)
    }

    @Test func rangesAreScalarsOfTheSource() {
        let text = "👍好。 二\r\n三é。"
        let scalars = Array(text.unicodeScalars)
        for sentence in Sentences.split(text) {
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[sentence.range])
            #expect(String(view) == sentence.text)
        }
    }

    @Test func segmentsCoverEverything() {
        let scalars = Array("  甲。乙！ \n\n丙. d.e. f\n".unicodeScalars)
        var next = 0
        for segment in Sentences.segments(of: scalars) {
            #expect(segment.lowerBound == next && !segment.isEmpty)
            next = segment.upperBound
        }
        #expect(next == scalars.count)
    }

    @Test func stopsAloneCostLinearTime() {
        let text = String(repeating: ".", count: 100_000) + String(repeating: "…", count: 100_000)
        #expect(Sentences.split(text).count <= 2)
    }
}
