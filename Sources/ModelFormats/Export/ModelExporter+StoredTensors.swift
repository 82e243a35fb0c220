import Tensors

extension ModelExporter {
    /// The tensors of a GGUF file of this model, each with those of the model whose rows it holds one behind the other:
    /// itself, or the parts of a matrix that the architecture stores fused.
    func storedTensors() -> [(tensor: TensorDescription, sources: [TensorDescription])] {
        let configuration = model.configuration
        guard configuration.architecture.fusesProjections else { return model.tensors.map { ($0, [$0]) } }
        var result: [(tensor: TensorDescription, sources: [TensorDescription])] = []
        var done = Set<String>()
        for tensor in model.tensors where !done.contains(tensor.name) {
            let sources = fusion(of: tensor)
            done.formUnion(sources.parts.map(\.name))
            guard sources.parts.count > 1 else {
                result.append((tensor, [tensor]))
                continue
            }
            let rows = sources.parts.reduce(0) { $0 + $1.rows }
            let fused = TensorDescription(
                name: sources.name, type: tensor.type, dimensions: [tensor.columns, rows])
            result.append((fused, sources.parts))
        }
        return result
    }

    /// The matrix that a tensor is stored in, and all parts of that; the tensor alone where it is stored so.
    private func fusion(of tensor: TensorDescription) -> (name: String, parts: [TensorDescription]) {
        let pieces = tensor.name.split(separator: ".").map(String.init)
        guard pieces.count == 4, pieces[3] == "weight" else { return (tensor.name, [tensor]) }
        for name in ["attn_qkv", "ffn_up"] {
            guard let members = FusedMatrices.members(of: name, model.configuration),
                members.contains(where: { $0.name == pieces[2] })
            else { continue }
            let parts = members.compactMap { model.tensor("\(pieces[0]).\(pieces[1]).\($0.name).weight") }
            // Parts of several types stay apart: no matrix holds two.
            guard parts.count == members.count, Set(parts.map(\.type)).count == 1 else { break }
            return ("\(pieces[0]).\(pieces[1]).\(name).weight", parts)
        }
        return (tensor.name, [tensor])
    }

    /// The divisors of the rotary frequencies that a GGUF file holds as tensors, where the model has none yet.
    func ropeTensors() -> [(name: String, values: [Float])] {
        if let factors = model.configuration.llama3FrequencyFactors() { return [("rope_freqs.weight", factors)] }
        guard case .longRope(let rope) = model.configuration.ropeScaling,
            model.tensor("rope_factors_long.weight") == nil
        else { return [] }
        return [("rope_factors_long.weight", rope.longFactors), ("rope_factors_short.weight", rope.shortFactors)]
    }
}

extension ModelConfiguration {
    /// Whether `ModelExporter` has words for the model in transformers' layout: not for experts in tensors of their
    /// own, fused matrices, norms less 1 and encoders.
    var hasHuggingFaceForm: Bool {
        experts == nil && !architecture.fusesProjections && architecture.storedNormOffset == 0
            && !architecture.isEncoder
    }
}
