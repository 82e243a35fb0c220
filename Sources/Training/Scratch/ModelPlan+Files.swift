public import FoundationEssentials
public import Tokenizers

extension ModelPlan {
    /// config.json as transformers reads it.
    ///
    /// - Parameter tokenizer: Gives the ids of the special tokens.
    public func configuration(_ tokenizer: Tokenizer) -> Data {
        let ends = tokenizer.endOfGenerationTokens.sorted()
        var lines = [
            #""architectures": ["\#(family == .llama ? "LlamaForCausalLM" : "Qwen3ForCausalLM")"]"#,
            #""model_type": "\#(family.rawValue)""#, #""vocab_size": \#(vocabulary)"#, #""hidden_size": \#(width)"#,
            #""intermediate_size": \#(inner)"#, #""num_hidden_layers": \#(depth)"#,
            #""num_attention_heads": \#(heads)"#, #""num_key_value_heads": \#(kvHeads)"#,
            #""head_dim": \#(headLength)"#, #""max_position_embeddings": \#(context)"#, #""hidden_act": "silu""#,
            #""rms_norm_eps": 1e-05"#, #""rope_theta": \#(ropeBase)"#, #""tie_word_embeddings": true"#,
            #""attention_bias": false"#, #""attention_dropout": 0.0"#, #""initializer_range": 0.02"#,
            #""torch_dtype": "float32""#, #""use_cache": true"#,
        ]
        if family == .llama { lines.append(#""mlp_bias": false"#) }
        if family == .qwen3 { lines.append(#""use_sliding_window": false"#) }
        for (key, id) in [("bos_token_id", tokenizer.bosID), ("pad_token_id", tokenizer.paddingID)] {
            if let id { lines.append(#""\#(key)": \#(id)"#) }
        }
        if ends.count == 1 { lines.append(#""eos_token_id": \#(ends[0])"#) }
        if ends.count > 1 {
            lines.append(#""eos_token_id": [\#(ends.map(String.init).joined(separator: ", "))]"#)
        }
        return Data(("{\n  " + lines.joined(separator: ",\n  ") + "\n}\n").utf8)
    }

    /// Slower rotation for longer contexts, as published models have it.
    private var ropeBase: Int { context <= 4096 ? 10_000 : 1_000_000 }

    /// Makes a folder with config.json and the tokenizer's files, without weights: training starts it from random ones.
    ///
    /// - Throws: `ModelPlanError.exists` where the folder has a config.json, `.cannotWrite` for what the system refuses,
    ///   and `TokenizerError` for a tokenizer that cannot be written.
    public func write(to folder: URL, tokenizer: Tokenizer) throws {
        guard tokenizer.vocabularySize == vocabulary else {
            throw ModelPlanError.tokenizer(planned: vocabulary, actual: tokenizer.vocabularySize)
        }
        let manager = FileManager.default
        let config = folder.appendingPathComponent("config.json")
        if manager.fileExists(atPath: config.path) { throw ModelPlanError.exists(path: folder.path) }
        var files = try tokenizer.definition.huggingFaceFiles()
        files["config.json"] = configuration(tokenizer)
        do {
            try manager.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw ModelPlanError.cannotWrite(path: folder.path, reason: "\(error)")
        }
        // config.json last: with it the folder counts as a model.
        let names = files.keys.filter { $0 != "config.json" }.sorted() + ["config.json"]
        for name in names {
            let url = folder.appendingPathComponent(name)
            do {
                try files[name]?.write(to: url, options: .atomic)
            } catch {
                throw ModelPlanError.cannotWrite(path: url.path, reason: "\(error)")
            }
        }
    }
}
