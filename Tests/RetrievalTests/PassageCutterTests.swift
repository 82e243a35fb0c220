import Foundation
import Retrieval
import TestSupport
import Testing

/// Cutting: every character stands in a passage, structure is kept, lengths hold.
struct PassageCutterTests {
    /// The rules that hold for every text.
    static func check(_ text: String, cutter: PassageCutter = PassageCutter()) -> [Passage] {
        let scalars = Array(text.unicodeScalars)
        let passages = cutter.passages(of: text, title: "标题")
        var covered = [Bool](repeating: false, count: scalars.count)
        var previous = 0..<0
        for passage in passages {
            #expect(passage.range.lowerBound >= 0 && passage.range.upperBound <= scalars.count)
            #expect(Array(passage.text.unicodeScalars) == Array(scalars[passage.range]))
            #expect(passage.range.count <= cutter.lengths.maximum)
            #expect(passage.range.lowerBound > previous.lowerBound || previous.isEmpty)
            #expect(passage.range.lowerBound >= previous.upperBound - cutter.lengths.overlap)
            for index in passage.range { covered[index] = true }
            previous = passage.range
        }
        for (index, scalar) in scalars.enumerated() where !scalar.properties.isWhitespace {
            if !covered[index] { Issue.record("scalar \(index) of \(scalars.count) is in no passage: \(scalar)") }
        }
        return passages
    }

    @Test func headingsBecomeThePath() {
        let text =
            "# 手册\n\n## 押金\n\n\(String(repeating: "押金说明。", count: 40))\n\n## 退租\n\n\(String(repeating: "退租说明。", count: 40))\n"
        let passages = Self.check(text)
        #expect(passages.map(\.headings) == [["标题", "手册", "押金"], ["标题", "手册", "退租"]])
        #expect(passages.last?.text.hasPrefix("## 退租") == true)
    }

    @Test func smallSectionsArePutTogether() {
        let text = (1...12).map { "## 第\($0)节\n\n这一节很短。\n" }.joined(separator: "\n")
        let passages = Self.check(text)
        #expect(passages.count < 6)
        #expect(passages.dropLast().allSatisfy { $0.range.count >= 100 })
    }

    @Test func tableRowsStayWholeAndKnowTheirHeader() {
        let rows = (1...60).map { "| PT-\(1000 + $0) | 塑料托盘 \($0) 号 | 0.\($0) 元 |" }
        let text = "# 价目\n\n| 型号 | 名称 | 日租金 |\n|---|---|---|\n" + rows.joined(separator: "\n")
        let passages = Self.check(text)
        #expect(passages.count > 4)
        for passage in passages {
            #expect(passage.text.split(separator: "\n").allSatisfy { !$0.hasPrefix("|") || $0.hasSuffix("|") })
        }
        #expect(passages.dropFirst().allSatisfy { $0.lead == "| 型号 | 名称 | 日租金 |" })
        #expect(passages.first?.lead == "")
    }

    @Test func aQuestionStaysWithItsAnswer() {
        let pairs = (1...20).map { "问：第\($0)个问题是什么？\n答：这是第\($0)个答案，\(String(repeating: "说明", count: 20))。" }
        let passages = Self.check(pairs.joined(separator: "\n\n"))
        for passage in passages {
            #expect(passage.text.hasPrefix("问："))
            #expect(passage.text.split(separator: "\n").last?.hasPrefix("答：") == true)
        }
    }

    @Test func recordsAreNotMixed() {
        let rows = (1...10).map { n in
            "型号：PT-\(n)；名称：川字网格塑料托盘；长：1200；宽：1000；高：150；材质：HDPE；静载：4000；动载：1000；日租金：0.\(n)；押金：60"
        }
        let passages = Self.check(rows.joined(separator: "\n"))
        #expect(passages.count == 10)
    }

    @Test func aLongParagraphIsCutBetweenSentences() {
        let text = (1...60).map { "这是第\($0)句话，它说明一件事情。" }.joined()
        let passages = Self.check(text)
        #expect(passages.allSatisfy { $0.text.hasSuffix("。") })
        #expect(zip(passages, passages.dropFirst()).allSatisfy { $0.range.upperBound == $1.range.lowerBound })
    }

    @Test func aLongSentenceIsCutWithOverlap() {
        let passages = Self.check(String(repeating: "没有句号的长句子，", count: 200))
        #expect(passages.count > 4)
        #expect(zip(passages, passages.dropFirst()).allSatisfy { $0.range.upperBound > $1.range.lowerBound })
        _ = Self.check(String(repeating: "字", count: 5000))
        _ = Self.check(String(repeating: "word ", count: 3000))
    }

    @Test(arguments: ["", "\n", " \n \n", "#", "# ", "|", "||||", "|-|", "问：", "答：", "- ", "1.", "\u{FEFF}", "a"])
    func smallTextsAreTaken(text: String) {
        _ = Self.check(text)
    }

    @Test func anyMixtureOfLinesIsCovered() {
        let lines = [
            "# 一", "## 二", "###### 六", "####### 七", "正文。", "", "- 项", "1. 项", "第一条　内容", "| a | b |", "|---|---|", "问：何",
            "答：此",
            "a：1；b：2；c：3", String(repeating: "长", count: 450), String(repeating: "句子。", count: 90), "   ", "\t", "😀👨‍👩‍👧",
            "e\u{301}",
        ]
        var seed: UInt64 = 7
        for round in 0..<120 {
            var text = ""
            for _ in 0..<(round % 17) {
                seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += lines[Int(seed >> 33) % lines.count] + "\n"
            }
            _ = Self.check(text)
            _ = Self.check(
                text, cutter: PassageCutter(lengths: .init(minimum: 10, target: 30, maximum: 50, overlap: 9)))
        }
    }

    @Test(.enabled(if: Shared.available, Shared.hint)) func lawsAreCovered() throws {
        let folder = Shared.folder.appendingPathComponent("data/corpus/laws/social")
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(files.count > 5)
        for file in files.sorted(by: { $0.path < $1.path }).prefix(8) where file.pathExtension == "md" {
            _ = Self.check(try String(contentsOf: file, encoding: .utf8))
        }
    }
}
