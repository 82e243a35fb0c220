import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Transformers

/// What sets architectures apart beside their logits: LongRoPE's choice, adapters, damaged weights, ties.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct ArchitectureTests {
    @Test func everyDecoderIsComputed() {
        #expect(TransformerModel.supportedArchitectures == Architecture.allCases.filter { !$0.isEncoder })
        #expect(Set(Architecture.allCases.map(\.rawValue)).count == Architecture.allCases.count)
        for architecture in Architecture.allCases {
            #expect(Architecture(rawValue: architecture.rawValue) == architecture)
        }
        #expect(Architecture(rawValue: "mamba") == nil)
    }

    /// The choice is the model's, made once: a longer limit means the long factors from the first token on.
    @Test func longRopeIsChosenByTheLimit() throws {
        let whole = try TransformerModel(
            file: try ModelFile.open(ReferenceModel.folder("phi3-longrope")), precision: .exact)
        #expect(
            whole.usesLongFactors && !whole.limited(to: 72).usesLongFactors && whole.limited(to: 73).usesLongFactors)
        #expect(whole.limited(to: 100_000) === whole && whole.limited(to: 0) === whole)
        let ids = Array(1...20)
        let (short, long) = (try Runner(whole.limited(to: 72)).logits(ids), try Runner(whole).logits(ids))
        #expect(short.bits != long.bits)
        #expect(try Runner(whole.limited(to: 73)).logits(ids).bits == long.bits)
        #expect(throws: TransformerError.contextExceeded(positions: 20, limit: 19)) {
            try Runner(whole.limited(to: 19)).logits(ids)
        }
        let other = try TransformerModel(file: try ModelFile.open(ReferenceModel.folder("phi3")), precision: .exact)
        #expect(other.limited(to: 5) === other && !other.usesLongFactors)
    }

    /// Models that embed and rerank, as decoders: logits are states times the tied embedding.
    @Test(arguments: ["", "model.gguf"])
    func rerankerGivesReferenceLogitsOfYesAndNo(_ file: String) throws {
        let reference = try ReferenceModel("qwen3-reranker")
        let runner = try Runner(ReferenceModel.folder("qwen3-reranker").appendingPathComponent(file))
        let words = try ["yes_token_id", "no_token_id"].map { (key) throws -> Int in
            let text = try #require(reference.expected.metadata[key])
            return try #require(Int(text))
        }
        for pair in 0..<2 {
            let ids = try reference.ids("pair\(pair).input_ids")
            let row = try runner.logits(ids).suffix(runner.model.vocabularySize)
            let expected = try reference.floats("pair\(pair).yes_no")
            for (word, value) in zip(words, expected) { #expect(abs(row[row.startIndex + word] - value) < 2e-3) }
        }
    }

    @Test(arguments: ["", "model.gguf"])
    func embedderGivesReferenceStatesTimesItsEmbedding(_ file: String) throws {
        let reference = try ReferenceModel("qwen3-embedding")
        let url = ReferenceModel.folder("qwen3-embedding").appendingPathComponent(file)
        let embedding = try ModelFile.open(url).readFloats("token_embd.weight")
        let runner = try Runner(url)
        let (width, size) = (runner.model.configuration.embeddingLength, runner.model.vocabularySize)
        for sequence in ReferenceModel.sequences {
            let states = try reference.floats("\(sequence).hidden_last")
            let got = try runner.logits(try reference.ids("\(sequence).input_ids"))
            var want: [Float] = []
            for row in 0..<states.count / width {
                for token in 0..<size {
                    want.append(
                        (0..<width).reduce(Float(0)) { $0 + states[row * width + $1] * embedding[token * width + $1] })
                }
            }
            let error = distance(got, want)
            #expect(error.nmse < 1e-7 && error.largest < 2e-3, "\(sequence): \(error)")
        }
    }

    private func adapter(_ module: String, rows: Int, columns: Int, value: Float) throws -> LoRAAdapter {
        try LoRAAdapter(
            configuration: LoRAConfiguration(rank: 1, alpha: 1, targets: .names([module])),
            modules: [
                LoRAModule(
                    name: "model.layers.0.\(module)", rank: 1, inputs: columns, outputs: rows,
                    a: [Float](repeating: 0.1, count: columns), b: [Float](repeating: value, count: rows))
            ])
    }

    @Test(arguments: ["gemma2", "gemma3", "mixtral", "qwen3moe"])
    func adaptersOfAttentionFitEveryArchitecture(_ name: String) throws {
        let base = try TransformerModel(file: try ModelFile.open(ReferenceModel.folder(name)), precision: .exact)
        let c = base.configuration
        let rows = c.embeddingLength, columns = c.headCount * c.valueLength
        let ids = Array(1...12)
        let plain = try Runner(base).logits(ids)
        let module = "self_attn.o_proj"
        let zero = try base.adapted(by: adapter(module, rows: rows, columns: columns, value: 0))
        #expect(try Runner(zero).logits(ids).bits == plain.bits)
        let changed = try base.adapted(by: adapter(module, rows: rows, columns: columns, value: 0.3))
        #expect(try distance(Runner(changed).logits(ids), plain).nmse > 1e-6)
    }

    @Test(arguments: [
        ("mixtral", "mlp.gate_proj"), ("mixtral", "block_sparse_moe.gate"), ("qwen3moe", "mlp.experts.0.up_proj"),
        ("phi3", "self_attn.qkv_proj"), ("phi3", "mlp.gate_up_proj"),
    ])
    func adaptersOfWhatHasNoPlaceAreRefused(_ name: String, _ module: String) throws {
        let file = try ModelFile.open(ReferenceModel.folder(name))
        let base = try TransformerModel(file: file, precision: .exact)
        let adapter = try adapter(module, rows: 32, columns: 64, value: 1)
        let error = #expect(throws: AdapterError.self) { try base.adapted(by: adapter) }
        let text = "\(try #require(error))"
        #expect(text.contains(module), "\(text)")
        #expect(throws: AdapterError.self) { try adapter.check(against: file) }
    }

    /// One damaged row of the output matrix spoils one logit, not the first: it is found all the same.
    @Test func oneLogitThatIsNoNumberIsNamed() throws {
        let file = try ModelFile.open(ReferenceModel.folder("llama-mha"))
        let damaged = try file.replacingWeights { name, rows in
            var bytes = try file.read(name, rows: rows)
            guard name == "output.weight", rows.contains(100), let tensor = file.tensor(name) else { return bytes }
            let place = (100 - rows.lowerBound) * tensor.rowBytes
            bytes.replaceSubrange(place..<place + 2, with: [0xC0, 0x7F])
            return bytes
        }
        let runner = try Runner(try TransformerModel(file: damaged, precision: .exact))
        #expect(throws: TransformerError.notANumber(sequence: 0)) { try runner.logits([1, 2, 3]) }
        let experts = try ModelFile.open(ReferenceModel.folder("mixtral"))
        let router = try experts.replacingWeights { name, rows in
            var bytes = try experts.read(name, rows: rows)
            if name == "blk.0.ffn_gate_inp.weight" { bytes.replaceSubrange(0..<4, with: [0, 0, 0xC0, 0x7F]) }
            return bytes
        }
        let mixture = try Runner(try TransformerModel(file: router, precision: .exact))
        #expect(throws: TransformerError.notANumber(sequence: 0)) { try mixture.logits([1, 2, 3]) }
    }
}
