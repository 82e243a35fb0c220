import FoundationEssentials

/// The weights of a folder: one model.safetensors, or several files that model.safetensors.index.json names.
final class SafetensorsCollection: Sendable {
    static let singleName = "model.safetensors"
    static let indexName = "model.safetensors.index.json"
    static let maximumIndex = 64 << 20
    static let maximumShards = 4096

    let files: [SafetensorsFile]
    private let owners: [String: Int]

    /// All tensors of all files.
    var tensors: [SafetensorsTensor] { files.flatMap(\.tensors) }

    init(folder: URL) throws(SafetensorsError) {
        let index = folder.appendingPathComponent(Self.indexName)
        let single = folder.appendingPathComponent(Self.singleName)
        let manager = FileManager.default
        let names: [String]
        var stated: [String: String] = [:]
        if manager.fileExists(atPath: single.path) {
            names = [Self.singleName]
        } else if manager.fileExists(atPath: index.path) {
            stated = try Self.weightMap(index)
            names = Set(stated.values).sorted()
        } else {
            throw Self.noWeights(folder)
        }
        guard names.count <= Self.maximumShards else {
            throw .badIndex(path: index.path, reason: "it names \(names.count) files, at most 4096 are accepted")
        }
        var opened: [SafetensorsFile] = []
        var owners: [String: Int] = [:]
        for (number, name) in names.enumerated() {
            let file = try SafetensorsFile(folder.appendingPathComponent(name))
            for tensor in file.tensors {
                if let other = owners.updateValue(number, forKey: tensor.name) {
                    throw .duplicateTensor(tensor.name, files: [names[other], name])
                }
            }
            opened.append(file)
        }
        for (tensor, name) in stated {
            guard let owner = owners[tensor], names[owner] == name else {
                throw .missingFromShard(tensor: tensor, file: name)
            }
        }
        files = opened
        self.owners = owners
    }

    /// A folder without safetensors; many older models have only a pickle.
    private static func noWeights(_ folder: URL) -> SafetensorsError {
        let pickles = ["pytorch_model.bin", "pytorch_model.bin.index.json"]
        let found = pickles.first {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
        }
        return found.map { .pickledWeights(folder: folder.path, file: $0) } ?? .noWeights(folder: folder.path)
    }

    /// Some bytes of a tensor, counted from its start.
    func read(_ name: String, bytes: Range<Int>) throws(SafetensorsError) -> [UInt8] {
        guard let owner = owners[name] else { throw .noSuchTensor(name) }
        return try files[owner].read(name, bytes: bytes)
    }

    /// Tensor → file name. Names that lead out of the folder are refused.
    private static func weightMap(_ url: URL) throws(SafetensorsError) -> [String: String] {
        let bytes: [UInt8]
        do { bytes = try ReadOnlyFile.contents(of: url, limit: maximumIndex) } catch { throw .file(error) }
        let json: JSONValue
        do { json = try JSONReader.value(of: bytes) } catch {
            throw .badIndex(path: url.path, reason: error.description)
        }
        guard let members = json.object?["weight_map"]?.object else {
            throw .badIndex(path: url.path, reason: "weight_map is missing")
        }
        var result: [String: String] = [:]
        for (tensor, value) in members {
            guard let name = value.string, name.hasSuffix(".safetensors"), !name.contains("/"), !name.hasPrefix(".")
            else {
                throw .badIndex(path: url.path, reason: "the entry of \(tensor) is not the name of a safetensors file")
            }
            result[tensor] = name
        }
        return result
    }
}
