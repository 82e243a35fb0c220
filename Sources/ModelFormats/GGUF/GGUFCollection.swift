import FoundationEssentials

/// A GGUF model in one file, or in the parts that `name-00001-of-0000N.gguf` and `split.count` speak of.
/// Metadata is the first part's; every part has its own header and data.
final class GGUFCollection: Sendable {
    static let maximumParts = 1000

    let parts: [GGUFFile]
    private let owners: [String: Int]

    /// The metadata of the model, without the keys that say how it was split.
    let metadata: [String: GGUFValue]
    let keys: [String]

    /// The tensors of all parts.
    var tensors: [GGUFTensor] { parts.flatMap(\.tensors) }

    /// Opens the file, and the other parts beside it when it is one of several.
    init(_ url: URL) throws(GGUFError) {
        let first = try GGUFFile(url)
        var opened = [first]
        if let stated = first.metadata["split.count"] {
            guard let count = stated.integer, (1...Self.maximumParts).contains(count) else {
                throw .badSplit(path: url.path, reason: "split.count must be 1 to \(Self.maximumParts)")
            }
            if count > 1 { opened = try Self.openParts(of: url, count: count) }
        }
        var owners: [String: Int] = [:]
        for (number, part) in opened.enumerated() {
            for tensor in part.tensors {
                guard owners.updateValue(number, forKey: tensor.name) == nil else {
                    throw .duplicateTensor(tensor.name)
                }
            }
        }
        if let stated = opened[0].metadata["split.tensors.count"]?.integer, opened.count > 1, stated != owners.count {
            throw .badSplit(path: url.path, reason: "\(stated) tensors are announced, the parts hold \(owners.count)")
        }
        parts = opened
        self.owners = owners
        metadata = opened[0].metadata.filter { !$0.key.hasPrefix("split.") }
        keys = opened[0].keys.filter { !$0.hasPrefix("split.") }
    }

    func tensor(_ name: String) -> GGUFTensor? { owners[name].flatMap { parts[$0].tensor(name) } }

    func read(_ name: String, rows: Range<Int>) throws(GGUFError) -> [UInt8] {
        guard let owner = owners[name] else { throw .noSuchTensor(name) }
        return try parts[owner].read(name, rows: rows)
    }

    private static func openParts(of url: URL, count: Int) throws(GGUFError) -> [GGUFFile] {
        let name = url.lastPathComponent
        let tail = "-of-\(padded(count)).gguf"
        guard name.hasSuffix(tail), name.count >= tail.count + 6 else {
            throw .badSplit(path: url.path, reason: "its name must end in -00001\(tail), as all parts' names do")
        }
        let stem = name.dropLast(tail.count + 5)
        var parts: [GGUFFile] = []
        for number in 1...count {
            let part = url.deletingLastPathComponent().appendingPathComponent("\(stem)\(padded(number))\(tail)")
            guard FileManager.default.fileExists(atPath: part.path) else {
                throw .missingPart(path: part.path, part: number, of: count)
            }
            let file = try GGUFFile(part)
            guard file.metadata["split.no"]?.integer == number - 1, file.metadata["split.count"]?.integer == count
            else { throw .badSplit(path: part.path, reason: "split.no and split.count do not fit its name") }
            parts.append(file)
        }
        return parts
    }

    private static func padded(_ number: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    }
}
