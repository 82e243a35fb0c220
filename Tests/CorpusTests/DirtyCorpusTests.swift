import Corpus
import Foundation
import TestSupport
import Testing

/// The generated corpus with known truth (its README tells how each kind was damaged).
@Suite("Dirty corpus", .enabled(if: Shared.available, Shared.hint))
struct DirtyCorpusTests {
    private static func squeezed(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.filter { !$0.properties.isWhitespace }))
    }

    @Test func filesInOtherEncodings() throws {
        let folder = try TemporaryFolder()
        let raw = Shared.folder.appendingPathComponent("data/corpus/dirty/raw")
        let report = try CorpusBuilder().build(folder: raw, home: folder.home, name: "test")
        let records = try folder.records()
        var right = 0
        let truth = try Shared.jsonLines("data/corpus/dirty/truth.jsonl").filter { $0["kind"] as? String == "raw_file" }
        for row in truth {
            let name = try #require(row["file"] as? String)
            let expected = try #require(row["expect_text"] as? String)
            let text = records[name]?.first?.text ?? ""
            if Self.squeezed(text) == Self.squeezed(expected) {
                right += 1
            } else {
                Issue.record("\(name) (\(row["encoding"] ?? "")): \(text.prefix(60)) instead of \(expected.prefix(60))")
            }
        }
        #expect(truth.count == 49 && right == 49)
        #expect(report.documentsRead == 49 && report.unread.isEmpty)
        #expect(report.warnings.count { $0.message.contains("names the encoding") } == 4, "\(report.warnings)")
    }

    @Test func documentsOfAllKinds() throws {
        let folder = try TemporaryFolder()
        var kinds: [String: [String: Any]] = [:]
        for row in try Shared.jsonLines("data/corpus/dirty/truth.jsonl") {
            if let id = row["id"] as? String { kinds[id] = row }
        }
        // The undamaged ones go as rows of one file, the others as files of their own.
        var rows: [Data] = []
        for row in try Shared.jsonLines("data/corpus/dirty/docs.jsonl") {
            let id = try #require(row["id"] as? String)
            let text = try #require(row["text"] as? String)
            switch kinds[id]?["kind"] as? String {
            case "clean", "exact_duplicate":
                rows.append(try JSONSerialization.data(withJSONObject: ["title": id, "text": text]))
            case "html": try folder.write("\(id).html", text)
            case "control", "mojibake": try folder.write("\(id).txt", text)
            default: continue
            }
        }
        try folder.write("rows.jsonl", rows.joined(separator: [0x0A]))
        let report = try folder.build()
        var records = try folder.records()
        for record in records["rows.jsonl"] ?? [] { records["\(record.title).txt"] = [record] }
        var counts: [String: (right: Int, of: Int)] = [:]
        var misses: [String] = []
        func note(_ kind: String, _ isRight: Bool, _ detail: String) {
            let old = counts[kind] ?? (0, 0)
            counts[kind] = (old.right + (isRight ? 1 : 0), old.of + 1)
            if !isRight { misses.append("\(kind) \(detail)") }
        }
        for (id, truth) in kinds.sorted(by: { $0.key < $1.key }) {
            guard let kind = truth["kind"] as? String, kind != "raw_file" else { continue }
            let text = (records["\(id).txt"] ?? records["\(id).html"])?.first?.text
            let variant = truth["variant"] as? String ?? ""
            switch kind {
            case "clean" where truth["group"] is NSNull: note(kind, text != nil, id)
            case "control":
                let expected = truth["expect_text"] as? String ?? ""
                note(kind, text == expected, "\(id) \(text ?? "dropped")")
            case "mojibake":
                let expected = truth["expect_text"] as? String ?? ""
                let isRight =
                    (truth["recoverable"] as? Bool ?? false)
                    ? text.map { Self.squeezed($0) == Self.squeezed(expected) } ?? false : text == nil
                note("mojibake \(variant)", isRight, "\(id) \(text?.prefix(80) ?? "dropped")")
            case "html":
                let paragraphs = truth["expect_paragraphs"] as? [String] ?? []
                let unwanted = truth["must_not_contain"] as? [String] ?? []
                let flat = Self.squeezed(text ?? "")
                let lost = paragraphs.filter { !flat.contains(Self.squeezed($0)) }
                let kept = unwanted.filter { flat.contains(Self.squeezed($0)) }
                let title = records["\(id).html"]?.first?.title
                let sameTitle = title.map(Self.squeezed) == (truth["title"] as? String).map(Self.squeezed)
                note(
                    "html", lost.isEmpty && kept.isEmpty && sameTitle,
                    "\(id) lost \(lost.count), kept \(kept), title \(title ?? "")")
            default: break
            }
        }
        // Of each group of exact copies one stays.
        var groups: [String: [String]] = [:]
        for (id, truth) in kinds where ["clean", "exact_duplicate"].contains(truth["kind"] as? String ?? "") {
            if let group = truth["group"] as? String { groups[group, default: []].append(id) }
        }
        for (group, ids) in groups { note("exact_duplicate", ids.count { records["\($0).txt"] != nil } == 1, group) }
        print("dirty corpus:", counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.right)/\($0.value.of)" })
        for miss in misses.prefix(30) { print("  miss:", miss.prefix(300)) }
        #expect(misses.isEmpty)
        #expect(report.documentsRead - 1 + rows.count == report.records + report.droppedTotal)
    }
}
