import Foundation
import Testing
import Tokenizers
import Training

/// Shapes of models from scratch and the folder that training starts from.
struct ModelPlanTests {
    /// Counted from the shapes of the tensors that such a model has.
    private func count(_ plan: ModelPlan) -> Int {
        let query = plan.heads * plan.headLength
        let key = plan.kvHeads * plan.headLength
        var block = [plan.width * query, plan.width * key, plan.width * key, query * plan.width]
        block += [plan.width * plan.inner, plan.width * plan.inner, plan.inner * plan.width, plan.width, plan.width]
        if plan.family == .qwen3 { block += [plan.headLength, plan.headLength] }
        return plan.vocabulary * plan.width + plan.depth * block.reduce(0, +) + plan.width
    }

    @Test(
        arguments: ModelPlan.Family.allCases, [3_000_000, 5_000_000, 19_000_000, 26_000_000, 64_000_000, 1_500_000_000])
    func meetsTheBudget(_ family: ModelPlan.Family, _ budget: Int) throws {
        let plan = try ModelPlan(family: family, parameters: budget, vocabulary: 6400, context: 512)
        #expect(plan.parameters == count(plan))
        #expect(abs(Double(plan.parameters) / Double(budget) - 1) < 0.03)
        #expect(plan.heads % plan.kvHeads == 0 && plan.heads * plan.headLength == plan.width)
        #expect(plan.inner % 64 == 0 && plan.inner >= 2 * plan.width && plan.inner <= 4 * plan.width)
        let proportion = Double(plan.width) / Double(plan.depth)
        #expect(proportion > 20 && proportion < 100)
    }

    @Test func knownShapes() throws {
        let demo = try ModelPlan(parameters: 5_000_000, vocabulary: 6400, context: 512)
        #expect(demo.width == 256 && demo.depth == 5 && demo.heads == 4 && demo.kvHeads == 2)
        let small = try ModelPlan(parameters: 26_000_000, vocabulary: 6400, context: 512)
        #expect(small.width == 512 && small.depth == 8 && small.heads == 8 && small.kvHeads == 4)
    }

    @Test func depthIsADial() throws {
        var last = 0
        for depth in [1, 2, 4, 8, 16, 32, 64, 128] {
            let plan = try ModelPlan(family: .qwen3, depth: depth, vocabulary: 6400, context: 512)
            #expect(plan.depth == depth && plan.parameters > last && plan.parameters == count(plan))
            last = plan.parameters
        }
    }

    @Test func refusals() {
        func refuses(_ parameters: Int, vocabulary: Int = 6400, context: Int = 512) {
            #expect(throws: ModelPlanError.self) {
                _ = try ModelPlan(parameters: parameters, vocabulary: vocabulary, context: context)
            }
        }
        for parameters in [Int.min, -1, 0, 1000, 200_000, 4_000_000_001, .max] { refuses(parameters) }
        for vocabulary in [Int.min, 0, 1 << 21, .max] { refuses(5_000_000, vocabulary: vocabulary) }
        for context in [Int.min, 0, 15, 200_000, .max] { refuses(5_000_000, context: context) }
        refuses(5_000_000, vocabulary: 151_936)
        for depth in [Int.min, 0, 129, .max] {
            #expect(throws: ModelPlanError.self) { _ = try ModelPlan(depth: depth, vocabulary: 6400, context: 512) }
        }
    }

    @Test(arguments: ModelPlan.Family.allCases)
    func folder(_ family: ModelPlan.Family) throws {
        var trainer = try BytePairTrainer(.init(vocabularySize: 280))
        trainer.add("水泵的流量，水泵的扬程。The pump's flow, the pump's head.")
        let tokenizer = try Tokenizer(trainer.train().definition)
        let plan = try ModelPlan(
            family: family, parameters: 1_000_000, vocabulary: tokenizer.vocabularySize, context: 128)
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: folder) }
        try plan.write(to: folder, tokenizer: tokenizer)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == ["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
        let data = try Data(contentsOf: folder.appendingPathComponent("config.json"))
        let config = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(config["model_type"] as? String == family.rawValue)
        #expect(config["vocab_size"] as? Int == tokenizer.vocabularySize)
        #expect(config["hidden_size"] as? Int == plan.width)
        #expect(config["num_key_value_heads"] as? Int == plan.kvHeads)
        #expect(config["tie_word_embeddings"] as? Bool == true)
        #expect(config["eos_token_id"] as? [Int] == [0, 2])
        #expect(config["pad_token_id"] as? Int == 0)
        #expect(throws: ModelPlanError.exists(path: folder.path)) { try plan.write(to: folder, tokenizer: tokenizer) }
        let other = try ModelPlan(family: family, parameters: 1_000_000, vocabulary: 300, context: 128)
        let elsewhere = folder.appendingPathComponent("other")
        #expect(throws: ModelPlanError.tokenizer(planned: 300, actual: tokenizer.vocabularySize)) {
            try other.write(to: elsewhere, tokenizer: tokenizer)
        }
        #expect(!FileManager.default.fileExists(atPath: elsewhere.path))
    }

    @Test func unwritableFolder() throws {
        var trainer = try BytePairTrainer(.init(vocabularySize: 270))
        trainer.add("水泵的流量，水泵的扬程。")
        let tokenizer = try Tokenizer(trainer.train().definition)
        let plan = try ModelPlan(parameters: 1_000_000, vocabulary: tokenizer.vocabularySize, context: 128)
        #expect {
            try plan.write(to: URL(fileURLWithPath: "/dev/null/model"), tokenizer: tokenizer)
        } throws: { error in
            if case .cannotWrite? = error as? ModelPlanError { true } else { false }
        }
    }
}
