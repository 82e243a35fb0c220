public import FoundationEssentials
import Tensors

extension ModelExporter {
    /// Writes one GGUF file.
    ///
    /// Weight matrices get `type`; vectors (norms, biases, rope factors) are f32. Rows that hold no whole block become
    /// a type with smaller blocks, or f16; some get more bits than others (`WeightMix`). All metadata of the model is
    /// kept, also keys that nothing here knows; `tokenizer` is laid over it. What does not fit on the disk is refused
    /// before work starts.
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
        let factors = ropeTensors()
        for (name, values) in factors {
            layout.append(.init(name: name, dimensions: [values.count], type: .f32))
            report.types[ElementType.f32.name, default: 0] += 1
        }
        let outputs = storedTensors()
        for (tensor, _) in outputs {
            let (stored, isFallback) = storedType(of: tensor, wanted: type)
            try checkEncodable(tensor, as: stored)
            if isFallback { report.fallbacks.append(tensor.name) }
            report.types[stored.name, default: 0] += 1
            layout.append(.init(name: tensor.name, dimensions: tensor.dimensions, type: stored))
        }
        let bytes = layout.reduce(0) { sum, tensor in
            let count = tensor.dimensions.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
            return sum.addingReportingOverflow(tensor.type.byteCount(elements: count) ?? 0).partialValue
        }
        try OutputFile.checkSpace(for: bytes, at: url)
        let writer = try GGUFWriter(to: url, metadata: metadata, tensors: layout, replacing: replacing)
        for (_, values) in factors { try writer.write(try Quantisation.encode(values, type: .f32)) }
        let total = model.tensors.reduce(0) { $0 + $1.elementCount }
        var done = 0
        for ((tensor, sources), target) in zip(outputs, layout.suffix(outputs.count)) {
            for source in sources {
                try convert(source, to: target.type) { piece, count in
                    try writer.write(piece)
                    done += count
                    progress(Progress(tensor: tensor.name, done: done, total: total))
                }
            }
        }
        try writer.finish()
        return report
    }
}
