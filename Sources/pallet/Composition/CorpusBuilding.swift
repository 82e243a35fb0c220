import Corpus
import Foundation
import Retrieval
import Storage
import Text

/// Stages 1 and 2 as commands and the demo run them.
struct CorpusBuilding {
    let home: Home
    /// Threads that compute vectors.
    var threads = ProcessInfo.processInfo.activeProcessorCount

    func build(_ folder: URL, name: String) throws -> CorpusReport {
        let bar = ProgressBar(text("读取资料", "reading documents"), unit: .items(text("份", "documents")))
        return try CorpusBuilder().build(folder: folder, home: home.url, name: name) {
            bar.update(Int64($0.done), of: Int64($0.total))
        }
    }

    /// One builder at a time: a second one would take the first one's unfinished version for a killed build's.
    private func indexLock() throws -> FileLock {
        do {
            return try FileLock(home.url.appendingPathComponent("index.lock"))
        } catch StorageError.homeInUse(_, let holder) {
            throw Failure(
                .temporary, "另一个进程（\(holder)）正在此主目录建立索引，请稍候再试",
                "another process (\(holder)) is building an index in this home; try again when it has finished")
        }
    }

    /// One index over one corpus or several.
    /// - Parameter wordsOnly: without vectors.
    func index(_ corpora: [String], name: String, wordsOnly: Bool = false) async throws -> IndexBuildReport {
        guard ObjectName.isValid(name) else { throw StorageError.badName(kind: "index", name: name) }
        let database = try PalletDatabase.open(home: home.url)
        let lock = try indexLock()
        defer { withExtendedLifetime(lock) {} }
        var records: [IndexableRecord] = []
        for corpus in corpora {
            for record in try CorpusReader(home: home.url, name: corpus).records() {
                records.append(IndexableRecord(try record.get()))
            }
        }
        let embedder = wordsOnly ? nil : try await EmbedderLoading(home: home, threads: threads).forBuilding()
        let bar = ProgressBar(text("建立索引", "indexing"), unit: .items(text("份", "records")))
        let total = Int64(records.count)
        return try await PassageIndex(database: database, name: name, embedder: embedder).build(records: records) {
            bar.update(Int64($0), of: total)
        }
    }
}

/// A corpus report for people.
struct CorpusReportText {
    let report: CorpusReport

    var text: String {
        var lines = [
            pallet.text(
                "语料 \(report.name)：读到 \(report.documentsFound) 份文件，读入 \(report.documentsRead) 份，得 \(report.records) 条记录，\(report.characters) 字",
                "corpus \(report.name): \(report.documentsFound) files, \(report.documentsRead) read, "
                    + "\(report.records) records, \(report.characters) characters")
        ]
        func section(_ chinese: String, _ english: String, _ counts: [String: Int]) {
            guard !counts.isEmpty else { return }
            let parts = counts.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            lines.append(pallet.text(chinese, english) + parts.joined(separator: ", "))
        }
        section("类型：", "kinds: ", report.recordsByKind)
        section("编码：", "encodings: ", report.encodings)
        section("丢弃：", "dropped: ", report.dropped)
        if !report.unread.isEmpty {
            lines.append(pallet.text("未读入：", "not read:"))
            for document in report.unread.prefix(20) {
                lines.append("  \(document.document): \(document.reason.rawValue) \(document.detail)")
            }
            if report.unread.count > 20 { lines.append("  … +\(report.unread.count - 20)") }
        }
        for warning in report.warnings.prefix(20) { lines.append("  \(warning.document): \(warning.message)") }
        return lines.joined(separator: "\n")
    }
}
