/// The tensors that an architecture needs and may have, with their shapes (ne order), derived from the configuration.
struct TensorRequirements {
    private(set) var required: [(name: String, shape: [Int])] = []
    private(set) var optional: [String: [Int]] = [:]
    private let configuration: ModelConfiguration

    init(_ configuration: ModelConfiguration) {
        self.configuration = configuration
        let width = configuration.embeddingLength
        require("token_embd.weight", [width, configuration.vocabularySize])
        if configuration.architecture.isEncoder {
            addEncoder(width)
            return
        }
        require("output_norm.weight", [width])
        if !configuration.tiedOutput { require("output.weight", [width, configuration.vocabularySize]) }
        for name in Self.ropeTensors { optional[name] = [configuration.ropeDimensions / 2] }
        for block in 0..<configuration.blockCount { addBlock("blk.\(block).") }
    }

    /// Divisors of the rotary frequencies: Llama 3.1's, and LongRoPE's two sets.
    static let ropeTensors = ["rope_freqs.weight", "rope_factors_long.weight", "rope_factors_short.weight"]

    private mutating func require(_ name: String, _ shape: [Int]) { required.append((name, shape)) }

    /// bert: three tables whose sum is normed, and blocks with a bias and a norm after each part.
    private mutating func addEncoder(_ width: Int) {
        require("position_embd.weight", [width, configuration.contextLength])
        require("token_types.weight", [width, configuration.tokenTypeCount])
        for kind in ["weight", "bias"] { require("token_embd_norm." + kind, [width]) }
        if configuration.scoresPairs {
            // One output: a classifier of several kinds is no reranker.
            for (name, rows) in [("cls", width), ("cls.output", 1)] {
                require(name + ".weight", [width, rows])
                require(name + ".bias", [rows])
            }
        }
        let heads = configuration.headCount * configuration.keyLength
        let inner = configuration.feedForwardLength
        let matrices = [
            ("attn_q", width, heads), ("attn_k", width, heads), ("attn_v", width, heads),
            ("attn_output", heads, width), ("ffn_up", width, inner), ("ffn_down", inner, width),
        ]
        for block in 0..<configuration.blockCount {
            for (name, columns, rows) in matrices {
                require("blk.\(block).\(name).weight", [columns, rows])
                require("blk.\(block).\(name).bias", [rows])
            }
            for norm in ["attn_output_norm", "layer_output_norm"] {
                for kind in ["weight", "bias"] { require("blk.\(block).\(norm).\(kind)", [width]) }
            }
        }
    }

    private mutating func addBlock(_ prefix: String) {
        let width = configuration.embeddingLength
        let queries = configuration.headCount * configuration.keyLength
        let keys = configuration.kvHeadCount * configuration.keyLength
        let values = configuration.kvHeadCount * configuration.valueLength
        let attention = configuration.headCount * configuration.valueLength
        require(prefix + "attn_norm.weight", [width])
        require(prefix + "attn_q.weight", [width, queries])
        require(prefix + "attn_k.weight", [width, keys])
        require(prefix + "attn_v.weight", [width, values])
        require(prefix + "attn_output.weight", [attention, width])
        for (name, length) in [("attn_q.bias", queries), ("attn_k.bias", keys), ("attn_v.bias", values)] {
            if configuration.architecture.requiresBiases {
                require(prefix + name, [length])
            } else {
                optional[prefix + name] = [length]
            }
        }
        optional[prefix + "attn_output.bias"] = [width]
        if configuration.architecture.normsHeads {
            require(prefix + "attn_q_norm.weight", [configuration.keyLength])
            require(prefix + "attn_k_norm.weight", [configuration.keyLength])
        }
        if configuration.architecture.normsOutputs {
            require(prefix + "post_attention_norm.weight", [width])
            require(prefix + "post_ffw_norm.weight", [width])
        }
        addFeedForward(prefix)
    }

    /// One feed-forward part for all tokens, or a router and the experts, whose matrices are stacked.
    private mutating func addFeedForward(_ prefix: String) {
        let width = configuration.embeddingLength
        require(prefix + "ffn_norm.weight", [width])
        if let experts = configuration.experts {
            let inner = experts.feedForwardLength
            require(prefix + "ffn_gate_inp.weight", [width, experts.count])
            require(prefix + "ffn_gate_exps.weight", [width, inner, experts.count])
            require(prefix + "ffn_up_exps.weight", [width, inner, experts.count])
            require(prefix + "ffn_down_exps.weight", [inner, width, experts.count])
            return
        }
        let inner = configuration.feedForwardLength
        require(prefix + "ffn_gate.weight", [width, inner])
        require(prefix + "ffn_up.weight", [width, inner])
        require(prefix + "ffn_down.weight", [inner, width])
        for (name, length) in [("ffn_gate.bias", inner), ("ffn_up.bias", inner), ("ffn_down.bias", width)] {
            optional[prefix + name] = [length]
        }
    }

    /// Checks that everything needed is there in the right shape, and nothing that would be left out silently.
    /// Heads of decoders that rerank (`cls.`) are not part of the computation of logits and are read by who scores.
    func check(_ tensors: [TensorDescription]) throws(ModelFileError) {
        var open = Dictionary(tensors.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for (name, shape) in required {
            guard let found = open.removeValue(forKey: name) else { throw .missingTensor(name: name, shape: shape) }
            try check(found, shape)
        }
        for (name, shape) in optional {
            guard let found = open.removeValue(forKey: name) else { continue }
            try check(found, shape)
        }
        let left = open.keys.filter { !$0.hasPrefix("cls.") }.sorted()
        if let name = left.first {
            throw .unexpectedTensor(name: name, architecture: configuration.architecture.rawValue)
        }
    }

    private func check(_ tensor: TensorDescription, _ shape: [Int]) throws(ModelFileError) {
        guard tensor.dimensions == shape else {
            throw .wrongShape(tensor: tensor.name, expected: shape, actual: tensor.dimensions)
        }
    }
}
