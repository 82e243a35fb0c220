import Corpus
import Foundation

/// The company's documents as texts to train on, and some that are kept back.
struct DemoScratchText {
    private(set) var trained: [String] = []
    private(set) var heldOut: [String] = []

    /// One document of ten is kept back, whole, so that nothing of it is seen.
    init(home: Home) throws {
        var number = 0, document: String?
        for record in try CorpusReader(home: home.url, name: DemoCompany.indexName).records() {
            let record = try record.get()
            if record.document != document {
                number += 1
                document = record.document
            }
            let text = record.text.hasPrefix("#") ? record.text : "# \(record.title)\n\(record.text)"
            if number % 10 == 5 { heldOut.append(text) } else { trained.append(text) }
        }
    }

    /// Beginnings of sentences of texts that were kept back, one of a text; of lines without figures, behind which a
    /// small model writes figures only.
    func beginnings(_ count: Int) -> [String] {
        let found = heldOut.compactMap { text in
            text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.first { line in
                line.count >= 20 && !line.hasPrefix("#") && !line.hasPrefix("|")
                    && !line.prefix(30).contains(where: \.isNumber)
            }
        }
        return found.prefix(count).map { String($0.prefix(10)) }
    }

    static func bytes(_ texts: [String]) -> Int { texts.reduce(0) { $0 + $1.utf8.count } }

    /// What `xz -9` needs for the texts that were kept back, in bits a byte: alone, and behind the texts trained on,
    /// which is all that a model knows too. Nil where there is no xz.
    func bitsOfXZ() -> (alone: Double, behind: Double)? {
        let held = Data(heldOut.joined(separator: "\n").utf8)
        let known = Data(trained.joined(separator: "\n").utf8)
        guard !held.isEmpty, let alone = Self.compressed(held), let both = Self.compressed(known + held),
            let first = Self.compressed(known)
        else { return nil }
        return (8 * Double(alone) / Double(held.count), 8 * Double(both - first) / Double(held.count))
    }

    private static func compressed(_ data: Data) -> Int? {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("pallet-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: place) }
        let process = Process(), output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["xz", "-9", "-c", place.path]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        do {
            try data.write(to: place)
            try process.run()
        } catch {
            return nil
        }
        let size = output.fileHandleForReading.readDataToEndOfFile().count
        process.waitUntilExit()
        return process.terminationStatus == 0 && size > 0 ? size : nil
    }
}
