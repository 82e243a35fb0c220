import Corpus
import Foundation
import Testing

@Suite("Building a corpus")
struct CorpusBuilderTests {
    @Test func readsTextAndMarkdown() throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "规则/押金.md", "---\ntitle: 押金规则\ndate: 2025-03-01\n---\n# 押金\n\n每块托盘押金120元。\r\n\r\n\r\n\r\n退还三个工作日。")
        try folder.write("通知.txt", "关于调价的通知\n发布日期：2024年12月5日\n自明年起日租金为0.35元。")
        let report = try folder.build()
        let records = try folder.records()
        let rules = try #require(records["规则/押金.md"]?.first)
        #expect(rules.title == "押金规则" && rules.date == "2025-03-01" && rules.dateSource == .metadata)
        #expect(rules.text == "# 押金\n\n每块托盘押金120元。\n\n退还三个工作日。")
        #expect(rules.kind == .markdown && rules.language == .chinese && rules.part == 0)
        let notice = try #require(records["通知.txt"]?.first)
        #expect(notice.title == "关于调价的通知" && notice.date == "2024-12-05" && notice.dateSource == .text)
        #expect(report.records == 2 && report.documentsRead == 2 && report.documentsFound == 2)
        #expect(try CorpusReader(home: folder.home, name: "test").report() == report)
    }

    @Test func hashesAreThoseOfTheStandard() throws {
        let record = CorpusRecord(
            document: "a", part: 0, title: "t", date: "2025-01-01", dateSource: .text, kind: .text, text: "abc")
        #expect(record.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        let long = String(repeating: "a", count: 1_000_000)
        let other = CorpusRecord(
            document: "a", part: 0, title: "t", date: "2025-01-01", dateSource: .text, kind: .text, text: long)
        #expect(other.sha256 == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
        #expect(record.id == other.id && record.id.count == 16)
    }

    @Test func sameInputGivesSameBytes() throws {
        let folder = try TemporaryFolder()
        for index in 0..<20 { try folder.write("d\(index % 3)/文件\(index).txt", "第\(index)份文件的内容，足够长。") }
        try folder.build()
        let first = try [folder.file("records.jsonl"), folder.file("report.json"), folder.file("dropped.jsonl")]
        try folder.build()
        let second = try [folder.file("records.jsonl"), folder.file("report.json"), folder.file("dropped.jsonl")]
        #expect(first == second)
    }

    @Test func everythingElseIsListed() throws {
        let folder = try TemporaryFolder()
        try folder.write("合同.docx", [0x50, 0x4B, 3, 4])
        try folder.write("图.PNG", [0x89])
        try folder.write("LICENSE", "some text that has no extension")
        try folder.write(".hidden.txt", "hidden text of this folder")
        try folder.write(".git/config.txt", "hidden text of this folder")
        try folder.write("假.txt", Array("%PDF-1.4 binary".utf8))
        try folder.write("空.txt", "")
        try folder.write("短.txt", "短")
        try folder.write("好.txt", "这是一份好的文件。")
        try folder.write("锁.txt", "这是一份不能读的文件。")
        let locked = folder.documents.appendingPathComponent("锁.txt").path
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: locked)
        let report = try folder.build()
        let reasons = Dictionary(uniqueKeysWithValues: report.unread.map { ($0.document, $0.reason) })
        #expect(reasons["合同.docx"] == .typeNotReadYet && reasons["图.PNG"] == .typeNotReadYet)
        #expect(reasons["LICENSE"] == .typeNotReadYet)
        #expect(reasons[".hidden.txt"] == .hidden && reasons[".git"] == .hidden)
        #expect(reasons["假.txt"] == .binary)
        if getuid() != 0 { #expect(reasons["锁.txt"] == .unreadable) }
        #expect(report.dropped == ["empty": 1, "too_short": 1])
        #expect(report.documentsFound == 10)
        #expect(report.documentsFound == report.documentsRead + report.unread.count)
    }

    @Test func linksAreNamedAndNeverFollowed() throws {
        let folder = try TemporaryFolder()
        try folder.write("a/文件.txt", "这是一份普通的文件。")
        let files = FileManager.default
        let documents = folder.documents
        try files.createSymbolicLink(at: documents.appendingPathComponent("a/loop"), withDestinationURL: documents)
        try files.createSymbolicLink(
            at: documents.appendingPathComponent("outside.txt"),
            withDestinationURL: URL(fileURLWithPath: "/etc/hostname"))
        try files.createSymbolicLink(
            atPath: documents.appendingPathComponent("self.txt").path, withDestinationPath: "self.txt")
        let report = try folder.build()
        #expect(report.records == 1)
        #expect(report.unread.map(\.document) == ["a/loop", "outside.txt", "self.txt"])
        #expect(report.unread.allSatisfy { $0.reason == .link })
        #expect(report.unread[1].detail.contains("out of the folder"))
        #expect(report.unread[2].detail.contains("circle"))
    }

    @Test func duplicatesNameTheRecordThatStays() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.txt", "每块托盘押金120元，三个工作日内退还。")
        try folder.write("b.txt", "每块托盘押金１２０元， 三个工作日内退还。\r\n")
        try folder.write("c.txt", "每块托盘押金12.0元，三个工作日内退还。")
        let report = try folder.build()
        #expect(report.records == 2 && report.dropped == ["duplicate": 1])
        let line = try JSONDecoder().decode(DroppedRecord.self, from: folder.file("dropped.jsonl").dropLast())
        let kept = try #require(try folder.records()["a.txt"]?.first)
        #expect(line.document == "b.txt" && line.detail.contains(kept.id) && line.detail.contains("a.txt"))
    }

    @Test func aFileMayVanishWhileOthersAreRead() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.txt", "第一份文件的内容在这里。")
        try folder.write("b.txt", "第二份文件的内容在这里。")
        let gone = folder.documents.appendingPathComponent("b.txt")
        let report = try CorpusBuilder().build(folder: folder.documents, home: folder.home, name: "test") { progress in
            if progress.document == "b.txt" { try? FileManager.default.removeItem(at: gone) }
        }
        #expect(report.records == 1 && report.unread.map(\.reason) == [.vanished])
    }

    @Test func largeFilesAndLongTextsAreBounded() throws {
        let folder = try TemporaryFolder()
        try folder.write("line.txt", [UInt8](repeating: 0x61, count: 3 << 20))
        try folder.write("long.txt", (0..<4000).map { "第\($0)行的文字。\n" }.joined())
        var configuration = CorpusBuilder.Configuration()
        configuration.maximumFileBytes = 2 << 20
        configuration.maximumRecordCharacters = 10_000
        let report = try folder.build(configuration)
        #expect(report.unread.map(\.reason) == [.tooLarge])
        let parts = try #require(try folder.records()["long.txt"])
        #expect(parts.count > 3 && parts.map(\.part) == Array(0..<parts.count))
        #expect(parts.allSatisfy { $0.text.unicodeScalars.count <= 10_000 })
        #expect(parts.map(\.text).joined(separator: "\n").contains("第3999行的文字。"))
        #expect(Set(parts.map(\.id)).count == parts.count)
    }

    @Test func longLinesCostLinearTime() throws {
        let folder = try TemporaryFolder()
        let megabyte = 1 << 20
        try folder.write("line.md", "# 标题 " + String(repeating: "x", count: 2 * megabyte))
        try folder.write("quote.csv", "a,b\n\"" + String(repeating: "x,", count: megabyte))
        try folder.write("row.jsonl", "{\"text\":\"" + String(repeating: "x", count: 2 * megabyte))
        try folder.write("mail.eml", "Subject: a\n\n" + String(repeating: "y", count: 2 * megabyte))
        let clock = ContinuousClock()
        var report: CorpusReport?
        let time = try clock.measure { report = try folder.build() }
        #expect(report?.documentsRead == 4 && report?.dropped["damaged_row"] == 1)
        #expect(time < .seconds(60), "quadratic: \(time)")
    }

    @Test func aFailedBuildLeavesTheOldCorpus() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.txt", "第一份文件的内容在这里。")
        try folder.build()
        let before = try folder.file("records.jsonl")
        try folder.write("b.txt", "第二份文件的内容在这里。")
        // What a kill between the two renames leaves: only the old folder under its other name, and a half-built one.
        let corpus = folder.home.appendingPathComponent("corpus")
        let files = FileManager.default
        try files.moveItem(at: corpus.appendingPathComponent("test"), to: corpus.appendingPathComponent(".test.old"))
        try files.createDirectory(
            at: corpus.appendingPathComponent(".test.building"), withIntermediateDirectories: true)
        try Data("half".utf8).write(to: corpus.appendingPathComponent(".test.building/records.jsonl"))
        #expect(try folder.records().count == 1)
        #expect(throws: CorpusError.self) {
            try CorpusBuilder().build(
                folder: folder.url.appendingPathComponent("none"), home: folder.home, name: "test")
        }
        let report = try folder.build()
        #expect(report.records == 2)
        #expect(try folder.file("records.jsonl") != before)
        #expect(try files.contentsOfDirectory(atPath: corpus.path).sorted() == [".test.lock", "test"])
    }

    @Test func oneBuildAtATime() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.txt", "第一份文件的内容在这里。")
        var inner: (any Error)?
        _ = try CorpusBuilder().build(folder: folder.documents, home: folder.home, name: "test") { _ in
            do { try folder.build() } catch { inner = error }
        }
        #expect(inner as? CorpusError == .buildRunning(name: "test"))
    }

    @Test(arguments: ["", "../x", "a/b", ".x", "a b", String(repeating: "a", count: 65), "a\u{0}"])
    func badNames(name: String) throws {
        let folder = try TemporaryFolder()
        #expect(throws: CorpusError.badName(name)) {
            try CorpusBuilder().build(folder: folder.documents, home: folder.home, name: name)
        }
    }

    @Test func damagedLinesAreNamedAndPassed() throws {
        let folder = try TemporaryFolder()
        for name in ["a", "b", "c"] { try folder.write("\(name).txt", "\(name)文件的内容在这里，足够长。") }
        try folder.build()
        let file = folder.home.appendingPathComponent("corpus/test/records.jsonl")
        var lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map(String.init)
        lines[1] = String(lines[1].prefix(40))
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        let reader = try CorpusReader(home: folder.home, name: "test")
        // Such a file is refused as a whole, unless the report says the same of it.
        let refusal = #expect(throws: CorpusError.self) { try reader.records() }
        guard case .alteredRecords(_, 3, 3, let expectedHash, let actualHash)? = refusal else {
            Issue.record("\(String(describing: refusal))")
            return
        }
        let report = String(decoding: try folder.file("report.json"), as: UTF8.self)
        try Data(report.replacing(expectedHash, with: actualHash).utf8).write(
            to: folder.home.appendingPathComponent("corpus/test/report.json"))
        var good = 0
        var bad: [CorpusError] = []
        for record in try reader.records() {
            do {
                _ = try record.get()
                good += 1
            } catch { bad.append(error) }
        }
        #expect(good == 2 && bad.count == 1)
        guard case .damagedLine(_, let line, _) = bad.first else {
            Issue.record("\(bad)")
            return
        }
        #expect(line == 2)
        #expect(throws: CorpusError.self) { try CorpusReader(home: folder.home, name: "none") }
    }

    @Test func aFileThatWasCutAtALineEndIsRefusedWithBothCounts() throws {
        let folder = try TemporaryFolder()
        for number in 0..<40 { try folder.write("\(number).txt", "第\(number)份文件的内容在这里，足够长。") }
        let report = try folder.build()
        #expect(try folder.records().count == 40)
        let file = folder.home.appendingPathComponent("corpus/test/records.jsonl")
        let whole = try Data(contentsOf: file)
        let end = try #require(whole.dropLast(whole.count / 2).lastIndex(of: 0x0A))
        try whole[...end].write(to: file)
        #expect {
            _ = try CorpusReader(home: folder.home, name: "test").records()
        } throws: { error in
            guard case .alteredRecords(let path, let expected, let actual, let hash, let other)? = error as? CorpusError
            else { return false }
            return path == file.path && expected == 40 && actual < 40 && hash == report.recordsSHA256 && other != hash
                && "\(error)".contains("pallet corpus build")
        }
        // As many lines, other words: only the digest tells.
        let changed = String(decoding: whole, as: UTF8.self).replacing("足够长", with: "足够短")
        try Data(changed.utf8).write(to: file)
        #expect(throws: CorpusError.self) { try CorpusReader(home: folder.home, name: "test").records() }
        try folder.build()
        #expect(try folder.records().count == 40)
    }

    @Test func aPreparedCorpusIsNotInUseUntilItIsActivated() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.txt", "第一份文件的内容在这里，足够长。")
        try folder.build()
        try folder.write("b.txt", "第二份文件的内容在这里，也足够长。")
        func prepare() throws -> PreparedCorpus {
            try CorpusBuilder().prepare(folder: folder.documents, home: folder.home, name: "test")
        }

        do {
            let dropped = try prepare()
            let records = dropped.report.records
            #expect(records == 2)
        }
        #expect(try folder.records().count == 1)
        let names = try FileManager.default.contentsOfDirectory(
            atPath: folder.home.appendingPathComponent("corpus").path)
        #expect(!names.contains(".test.building"))
        // The lock of the dropped one is free again.
        let kept = try prepare()
        #expect(throws: CorpusError.buildRunning(name: "test")) { try folder.build() }
        let report = try kept.activate()
        #expect(report.records == 2)
        #expect(try folder.records().count == 2)
        try folder.build()
    }
}
