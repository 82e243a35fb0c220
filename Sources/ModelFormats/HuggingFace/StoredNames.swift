import Tensors

/// Collects what safetensors hold under its GGUF names: a tensor each, or a stack of one tensor per expert.
struct StoredNames {
    private let configuration: ModelConfiguration
    private var single: [TensorDescription] = []
    private var stacks: [String: [Int: (tensor: SafetensorsTensor, type: ElementType)]] = [:]
    /// GGUF name → names in the safetensors: one, or those of all experts in order.
    private(set) var stored: [String: [String]] = [:]

    init(_ configuration: ModelConfiguration) { self.configuration = configuration }

    /// Takes in a tensor, or the part of a stack that belongs to one expert.
    mutating func add(_ tensor: SafetensorsTensor, as name: String, expert: Int?, type: ElementType) throws {
        guard let expert else {
            guard stored.updateValue([tensor.name], forKey: name) == nil else {
                throw SafetensorsError.duplicateTensor(name, files: [tensor.name])
            }
            single.append(TensorDescription(name: name, type: type, dimensions: tensor.shape.reversed()))
            return
        }
        guard let count = configuration.experts?.count, expert < count else {
            throw ModelFileError.unexpectedTensor(name: tensor.name, architecture: configuration.architecture.rawValue)
        }
        guard stacks[name, default: [:]].updateValue((tensor, type), forKey: expert) == nil else {
            throw SafetensorsError.duplicateTensor(name, files: [tensor.name])
        }
    }

    /// All tensors, unsorted; remembers the order of the stacked ones.
    /// - Throws: `ModelFileError` where an expert is missing or differs from the first in shape or type.
    mutating func tensors() throws(ModelFileError) -> [TensorDescription] {
        var result = single
        for (name, members) in stacks.sorted(by: { $0.key < $1.key }) {
            guard let count = configuration.experts?.count, let first = members[0] else {
                throw .missingTensor(name: name + " of expert 0", shape: [])
            }
            var names: [String] = []
            for expert in 0..<count {
                guard let member = members[expert] else {
                    throw .missingTensor(name: "\(name) of expert \(expert)", shape: first.tensor.shape.reversed())
                }
                guard member.tensor.shape == first.tensor.shape, member.tensor.shape.count == 2 else {
                    throw .wrongShape(
                        tensor: member.tensor.name, expected: first.tensor.shape, actual: member.tensor.shape)
                }
                guard member.type == first.type else {
                    throw .unsupportedType(
                        tensor: member.tensor.name, type: member.type.name, known: [first.type.name])
                }
                names.append(member.tensor.name)
            }
            stored[name] = names
            result.append(
                TensorDescription(
                    name: name, type: first.type, dimensions: first.tensor.shape.reversed() + [count]))
        }
        return result
    }
}
