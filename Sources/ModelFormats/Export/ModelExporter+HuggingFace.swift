public import FoundationEssentials
import Tensors

extension ModelExporter {
    /// Writes a folder as transformers reads it: config.json, model.safetensors, tokenizer files.
    ///
    /// Every tensor gets `type`, which must be f32, f16 or bf16. The rows of q and k of llama models are put back into
    /// Hugging Face's order. config.json is the origin's with the type adapted, or written anew from the configuration.
    ///
    /// - Parameters:
    ///   - folder: must not exist yet.
    ///   - tokenizerFiles: by name; they are laid over those of the model's own folder.
    ///   - tokenIds: `bos_token_id`, `eos_token_id`, `pad_token_id` for a new config.json; by default those of the
    ///     GGUF's metadata.
    public func writeHuggingFace(
        to folder: URL, type: WeightType, tokenizerFiles: [String: Data] = [:], tokenIds: [String: Int] = [:]
    ) throws -> Report {
        guard model.configuration.hasHuggingFaceForm else {
            throw ExportError.notExpressible(
                reason: "\(model.configuration.architecture.rawValue) models with what it has are written as GGUF only")
        }
        guard type.isPlain, let element = type.elementType else {
            throw ExportError.quantisedSafetensors(type: type.rawValue)
        }
        guard !FileManager.default.fileExists(atPath: folder.path) else { throw FileError.exists(path: folder.path) }
        let files = model.tokenizerFiles.merging(tokenizerFiles) { _, new in new }
        for name in files.keys {
            let reserved = name == "config.json" || name.hasSuffix(".safetensors")
            guard !name.isEmpty, !name.hasPrefix("."), !name.contains("/"), !reserved else {
                throw ExportError.badFileName(name)
            }
        }
        let config = try configText(type: type, tokenIds: tokenIds)
        let hidden = try HiddenFolder(for: folder)
        let report = try writeWeights(
            to: hidden.url.appendingPathComponent("model.safetensors"), type: type, element)
        try Self.write(Array(config.utf8), to: hidden.url.appendingPathComponent("config.json"))
        for (name, data) in files { try Self.write(Array(data), to: hidden.url.appendingPathComponent(name)) }
        if let pooling = model.configuration.pooling {
            let place = hidden.url.appendingPathComponent("1_Pooling")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            let text = SentenceTransformersPooling.text(pooling, width: model.configuration.embeddingLength)
            try Self.write(Array(text.utf8), to: place.appendingPathComponent("config.json"))
        }
        try hidden.commit()
        return report
    }

    private static func write(_ bytes: [UInt8], to url: URL) throws(FileError) {
        let file = try OutputFile(url, replacing: false)
        try file.write(bytes)
        try file.commit()
    }

    private func writeWeights(to url: URL, type: WeightType, _ element: ElementType) throws -> Report {
        var report = Report()
        var sources: [(tensor: TensorDescription, layout: SafetensorsWriter.Layout)] = []
        let stored: SafetensorsType = type == .f32 ? .f32 : type == .f16 ? .f16 : .bf16
        for tensor in model.tensors where !TensorRequirements.ropeTensors.contains(tensor.name) {
            guard let name = TensorNames.huggingFace(tensor.name) else {
                report.skipped.append(tensor.name)
                continue
            }
            sources.append((tensor, .init(name: name, shape: tensor.dimensions.reversed(), type: stored)))
        }
        report.types[stored.rawValue] = sources.count
        let writer = try SafetensorsWriter(to: url, tensors: sources.map(\.layout))
        let total = sources.reduce(0) { $0 + $1.tensor.elementCount }
        var done = 0
        for (tensor, _) in sources {
            try convertToHuggingFaceOrder(tensor, type: element) { piece, count in
                try writer.write(piece)
                done += count
                progress(Progress(tensor: tensor.name, done: done, total: total))
            }
        }
        try writer.finish()
        return report
    }

    private func convertToHuggingFaceOrder(
        _ tensor: TensorDescription, type: ElementType, _ body: ([UInt8], Int) throws -> Void
    ) throws {
        let configuration = model.configuration
        let permuted = tensor.name.contains(".attn_q.") || tensor.name.contains(".attn_k.")
        guard permuted, configuration.architecture == .llama else { return try convert(tensor, to: type, body) }
        let permutation = RowPermutation(headLength: configuration.keyLength)
        guard tensor.dimensions.count < 2 else {
            return try convert(
                tensor, to: type, group: configuration.keyLength, order: permutation.ggufRow(ofHuggingFace:), body)
        }
        // A bias: its elements are the rows.
        let values = try model.readFloats(tensor.name)
        let ordered = values.indices.map { values[permutation.ggufRow(ofHuggingFace: $0)] }
        try body(try Quantisation.encode(ordered, type: type), ordered.count)
    }

    private func configText(type: WeightType, tokenIds: [String: Int]) throws -> String {
        var members: [String: JSONValue]
        if let original = model.huggingFaceConfig, let found = try JSONReader.value(of: original).object {
            members = found
            members["dtype"] = nil
        } else {
            members = try HuggingFaceConfigText(
                configuration: model.configuration, attentionBias: try hasBias(["attn_q", "attn_k", "attn_v"]),
                feedForwardBias: try hasBias(["ffn_gate", "ffn_up", "ffn_down"])
            ).members()
            members["bos_token_id"] = model.metadata["tokenizer.ggml.bos_token_id"]?.integer.map { .integer($0) }
            members["eos_token_id"] = model.metadata["tokenizer.ggml.eos_token_id"]?.integer.map { .integer($0) }
            members["pad_token_id"] = model.metadata["tokenizer.ggml.padding_token_id"]?.integer.map { .integer($0) }
        }
        for (key, id) in tokenIds { members[key] = .integer(id) }
        let names: [WeightType: String] = [.f32: "float32", .f16: "float16", .bf16: "bfloat16"]
        members["torch_dtype"] = names[type].map { .string($0) }
        return JSONValue.object(members).text(indented: true) + "\n"
    }

    /// Whether the blocks have these biases: all or none, since config.json has one word for all.
    private func hasBias(_ names: [String]) throws(ExportError) -> Bool {
        var wanted = names
        if names.contains("attn_q"), model.configuration.architecture != .qwen2 { wanted.append("attn_output") }
        let count = model.tensors.count { tensor in
            wanted.contains { tensor.name.hasPrefix("blk.") && tensor.name.hasSuffix(".\($0).bias") }
        }
        guard count == 0 || count == wanted.count * model.configuration.blockCount else {
            throw .notExpressible(reason: "only some of its matrices have biases")
        }
        if model.configuration.architecture == .qwen2, model.tensor("blk.0.attn_output.bias") != nil {
            throw .notExpressible(reason: "qwen2 has no bias on the attention output")
        }
        return count > 0
    }
}
