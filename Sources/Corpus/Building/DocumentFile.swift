internal import Foundation

/// Reads a document's bytes within a limit.
enum DocumentFile {
    /// - Throws: `DocumentProblem` for files that are too large, gone or may not be read.
    static func bytes(of document: SourceDocument, limit: Int) throws(DocumentProblem) -> [UInt8] {
        do {
            let handle = try FileHandle(forReadingFrom: document.url)
            defer { try? handle.close() }
            var bytes: [UInt8] = []
            // Read until the end and not as far as a size says that was true a moment ago.
            while let chunk = try handle.read(upToCount: 4 << 20), !chunk.isEmpty {
                guard bytes.count + chunk.count <= limit else { throw tooLarge(document, limit) }
                bytes.append(contentsOf: chunk)
            }
            return bytes
        } catch let problem as DocumentProblem {
            throw problem
        } catch {
            guard FileManager.default.fileExists(atPath: document.url.path) else {
                throw DocumentProblem(reason: .vanished, detail: "gone since the folder was listed")
            }
            throw DocumentProblem(reason: .unreadable, detail: CorpusFolder.reason(error))
        }
    }

    private static func tooLarge(_ document: SourceDocument, _ limit: Int) -> DocumentProblem {
        let size = (try? FileManager.default.attributesOfItem(atPath: document.url.path)[.size] as? Int) ?? nil
        let has = size.map { "\($0) bytes" } ?? "more"
        return DocumentProblem(reason: .tooLarge, detail: "\(has); the limit is \(limit) bytes: split the file")
    }
}

extension SourceDocument {
    /// What reads this kind of document.
    var reader: any DocumentReader {
        switch kind {
        case .text: PlainTextReader()
        case .markdown: MarkdownReader()
        case .html: HTMLReader()
        case .csv: CSVReader()
        case .jsonl: JSONLinesReader()
        case .eml: MailReader()
        }
    }
}
