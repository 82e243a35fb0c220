import Corpus
import Foundation
import Testing

@Suite("Decoding by evidence")
struct DecodingTests {
    private static let text = "托盘租赁合同：每块托盘的押金为一百二十元，退还期限是三个工作日，请与当地的网点联系。\n第二行文字在这里。"

    private func build(_ bytes: [UInt8], _ name: String = "文.txt") throws -> (text: String?, report: CorpusReport) {
        let folder = try TemporaryFolder()
        try folder.write(name, bytes)
        let report = try folder.build()
        return (try folder.text(of: name), report)
    }

    private func encode(_ text: String, _ number: UInt) throws -> [UInt8] {
        Array(try #require(text.data(using: String.Encoding(rawValue: number))))
    }

    @Test func encodingsAreFound() throws {
        let utf16 = Array(Self.text.utf16)
        let little = utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let big = utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let cases: [([UInt8], String)] = [
            (Array(Self.text.utf8), "utf-8"), ([0xEF, 0xBB, 0xBF] + Array(Self.text.utf8), "utf-8-bom"),
            ([0xFF, 0xFE] + little, "utf-16-le"),
            ([0xFE, 0xFF] + big, "utf-16-be"), (little, "utf-16-le"), (big, "utf-16-be"),
            (try encode(Self.text, 0x8000_0632), "gb18030"),
        ]
        for (bytes, encoding) in cases {
            let (text, report) = try build(bytes)
            #expect(text == Self.text && report.encodings == [encoding: 1], "\(encoding): \(report)")
        }
        let traditional = "託盤租賃合約：每塊托盤的押金為一百二十元，退還期限是三個工作日。"
        let (big5, report) = try build(try encode(traditional, 0x8000_0A03))
        #expect(big5 == traditional && report.encodings == ["big5": 1])
        let (latin, second) = try build(
            Array("Caf".utf8) + [0xE9] + Array(" costs 3 ".utf8) + [0x80] + Array(" per d".utf8) + [0xE9]
                + Array("pot today".utf8))
        #expect(latin == "Café costs 3 € per dépot today" && second.encodings == ["windows-1252": 1])
    }

    @Test func whatPagesDeclareIsChecked() throws {
        let page = "<html><head><meta charset=utf-8></head><body><p>\(Self.text)</p></body></html>"
        let (text, report) = try build(try encode(page, 0x8000_0632), "页.html")
        #expect(text?.hasPrefix("托盘租赁合同") == true)
        #expect(report.warnings.map(\.message) == ["names the encoding utf-8, but is gb18030"])
        let (other, second) = try build(Array(page.replacingOccurrences(of: "utf-8", with: "gb2312").utf8), "页.html")
        #expect(other?.hasPrefix("托盘租赁合同") == true && second.encodings == ["utf-8": 1])
    }

    @Test func mixedAndDamagedFilesAreReported() throws {
        let lines = Array(Self.text.utf8) + [0x0A] + (try encode("这一行是另一种编码的文字。", 0x8000_0632)) + [0x0A]
        let (mixed, report) = try build(lines)
        #expect(mixed == Self.text + "\n这一行是另一种编码的文字。")
        #expect(report.encodings == ["mixed": 1] && report.warnings.count == 1)
        var broken = Array(Self.text.utf8)
        broken[4] = 0xFF
        let (text, second) = try build(broken)
        #expect(text?.contains("第二行文字在这里。") == true && text?.contains("租赁合同") == true)
        #expect(second.warnings.contains { $0.message.contains("line 1") }, "\(second.warnings)")
    }

    @Test func bytesThatAreNoTextAreRefused() throws {
        var random: [UInt8] = []
        var state: UInt64 = 42
        for _ in 0..<20_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            random.append(UInt8(truncatingIfNeeded: state >> 33))
        }
        for bytes in [
            random, [UInt8](repeating: 0, count: 1000), Array("GIF89a".utf8) + random, [0x50, 0x4B, 3, 4] + random,
        ] {
            let (_, report) = try build(bytes)
            #expect(report.unread.map(\.reason) == [.binary], "\(report)")
        }
        let (text, report) = try build(Array("一个\u{0}带有空字节的文件，其余都是文字。".utf8))
        #expect(text == "一个带有空字节的文件，其余都是文字。" && report.unread.isEmpty)
    }

    @Test func mojibakeIsRepairedOrDropped() throws {
        let latin = String(decoding: Self.text.utf8.map { UInt16($0) }, as: UTF16.self)
        #expect(try build(Array(latin.utf8)).text == Self.text)
        let chinese = String(decoding: try encode(Self.text, 0x8000_0632).map { UInt16($0) }, as: UTF16.self)
        let (repaired, report) = try build(Array(chinese.utf8))
        #expect(repaired == Self.text && report.warnings.contains { $0.message.contains("GBK read as Latin-1") })
        let lost = "锟斤拷锟斤拷合同锟斤拷锟斤拷押金锟斤拷"
        #expect(try build(Array(lost.utf8)).report.dropped == ["mojibake": 1])
        let french = "Déjà vu à l’hôtel: crème brûlée, naïve façade, œuvre."
        #expect(try build(Array(french.utf8)).text == french)
    }

    @Test func everyPrefixOfAFileIsAnswered() throws {
        let folder = try TemporaryFolder()
        let gb = try encode(Self.text, 0x8000_0632)
        for (name, bytes) in [("u", Array(Self.text.utf8)), ("g", gb)] {
            for end in stride(from: 0, to: bytes.count, by: 3) { try folder.write("\(name)\(end).txt", bytes[..<end]) }
        }
        let report = try folder.build()
        #expect(report.documentsFound == report.documentsRead + report.unread.count)
    }
}
