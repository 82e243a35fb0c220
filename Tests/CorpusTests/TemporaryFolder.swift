import Corpus
import Foundation

/// A folder for one test, with documents in it; removed when the test lets go of it.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("pallet-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: documents, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    var documents: URL { url.appendingPathComponent("documents") }
    var home: URL { url.appendingPathComponent("home") }

    /// Writes a document; folders in `path` are made.
    func write(_ path: String, _ bytes: some Sequence<UInt8>) throws {
        let file = documents.appendingPathComponent(path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
        // A fixed time, so that dates from files are known.
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_700_000_000)], ofItemAtPath: file.path)
    }

    func write(_ path: String, _ text: String) throws {
        try write(path, Array(text.utf8))
    }

    /// Builds the corpus `test`.
    @discardableResult
    func build(_ configuration: CorpusBuilder.Configuration = .init()) throws -> CorpusReport {
        try CorpusBuilder(configuration: configuration).build(folder: documents, home: home, name: "test")
    }

    /// The records by document path; several parts in their order.
    func records() throws -> [String: [CorpusRecord]] {
        var records: [String: [CorpusRecord]] = [:]
        for record in try CorpusReader(home: home, name: "test").records() {
            let record = try record.get()
            records[record.document, default: []].append(record)
        }
        return records
    }

    /// The text of the only record of a document.
    func text(of document: String) throws -> String? {
        try records()[document]?.first?.text
    }

    func file(_ name: String) throws -> Data {
        try Data(contentsOf: home.appendingPathComponent("corpus/test/\(name)"))
    }
}
