public import FoundationEssentials
import Tensors

extension ModelExporter {
    /// Writes one GGUF file.
    ///
    /// Weight matrices get `type`; vectors (norms, biases, rope factors) are f32. Rows that hold no whole block become
    /// a type with smaller blocks, or f16. With q4_0 the output matrix, or the embedding that serves as one, is q8_0, with
    /// q4_k_m and q5_k_m it is q6_k: its errors go straight into the logits. All metadata of the model is kept, also keys that nothing here knows; `tokenizer` is laid over
    /// it.
    ///
    /// - Parameters:
    ///   - tokenizer: `tokenizer.*` keys, needed when the model comes from a folder.
    ///   - replacing: whether an existing file of that name is replaced.
    public func writeGGUF(
        to url: URL, type: WeightType, tokenizer: [String: GGUFValue] = [:], replacing: Bool = false
    ) throws -> Report {
        var metadata = model.metadata.merging(tokenizer) { _, new in new }
        if let number = type.fileType { metadata["general.file_type"] = .uint32(number) }
        metadata["general.quantization_version"] = .uint32(2)
        var report = Report()
        var layout: [GGUFWriter.Layout] = []
        let factors = model.configuration.llama3FrequencyFactors()
        if let factors {
            layout.append(.init(name: "rope_freqs.weight", dimensions: [factors.count], type: .f32))
            report.types[ElementType.f32.name, default: 0] += 1
        }
        for tensor in model.tensors {
            let (stored, isFallback) = storedType(of: tensor, wanted: type)
            if isFallback { report.fallbacks.append(tensor.name) }
            report.types[stored.name, default: 0] += 1
            layout.append(.init(name: tensor.name, dimensions: tensor.dimensions, type: stored))
        }
        let writer = try GGUFWriter(to: url, metadata: metadata, tensors: layout, replacing: replacing)
        if let factors { try writer.write(try Quantisation.encode(factors, type: .f32)) }
        let total = model.tensors.reduce(0) { $0 + $1.elementCount }
        var done = 0
        for (tensor, target) in zip(model.tensors, layout.suffix(model.tensors.count)) {
            try convert(tensor, to: target.type) { try writer.write($0) }
            done += tensor.elementCount
            progress(Progress(tensor: tensor.name, done: done, total: total))
        }
        try writer.finish()
        return report
    }
}
