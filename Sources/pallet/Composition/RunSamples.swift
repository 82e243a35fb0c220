import Foundation
import ModelFormats
import Tensors
import Tokenizers
import Training
import Transformers

/// What a model wrote before and after a run, beside what was wanted of it.
struct RunSample: Encodable {
    let prompt_end, expected, before, after: String
}

/// The first held-out questions of a run, answered greedily by the model as it was and as it has become.
struct RunSamples {
    /// What came out of a run.
    enum Trained {
        case adapter(LoRAAdapter)
        case model(ModelFile)
    }

    /// The tokens before the first trained one, and those that are trained behind them.
    private struct Question {
        let prompt: [Int]
        let answer: [Int]
    }

    /// Most tokens of an answer.
    private static let longest = 80
    /// Characters of a question's end that are shown.
    private static let shownCharacters = 60
    /// Tokens of a prompt that are computed at once.
    private static let stepTokens = 256

    private let questions: [Question]
    private let tokenizer: Tokenizer
    private let threads: Int

    /// Nil where no row is a question: a plain text has nothing before what is trained.
    init?(rows: [TrainingRow], count: Int, tokenizer: Tokenizer, threads: Int) {
        questions = Array(rows.compactMap { Self.question($0) }.prefix(max(0, count)))
        self.tokenizer = tokenizer
        self.threads = threads
        if questions.isEmpty { return nil }
    }

    private static func question(_ row: TrainingRow) -> Question? {
        let trained = row.labels.indices.dropFirst().first { row.labels[$0] != TrainingRow.ignored }
        guard let first = trained, first > 1, row.positions == nil, row.tokens.count == row.labels.count else {
            return nil
        }
        let answer = row.labels[first...].prefix { $0 != TrainingRow.ignored }
        return Question(prompt: row.tokens[..<first].map(Int.init), answer: answer.prefix(longest).map(Int.init))
    }

    /// Both models' answers. A question that the context leaves no room behind is left out.
    ///
    /// - Parameter start: the adapter that the run went on from, a part of the model as it was.
    func answered(base: ModelFile, start: LoRAAdapter?, trained: Trained) throws -> [RunSample] {
        try checkMemory(base)
        let pool = try WorkerPool(threads: threads)
        let before: [String?], after: [String?]
        switch trained {
        case .adapter(let adapter):
            let plain = try TransformerModel(file: base)
            before = try answers(start.map { try plain.adapted(by: $0, threads: threads) } ?? plain, pool)
            after = try answers(try plain.adapted(by: adapter, threads: threads), pool)
        case .model(let file):
            // One after the other, so that only one lies in memory.
            before = try answers(try TransformerModel(file: base), pool)
            after = try answers(try TransformerModel(file: file), pool)
        }
        var samples: [RunSample] = []
        for (question, pair) in zip(questions, zip(before, after)) {
            guard let first = pair.0, let second = pair.1 else { continue }
            samples.append(
                RunSample(
                    prompt_end: String(try words(question.prompt).suffix(Self.shownCharacters)),
                    expected: try words(question.answer), before: first, after: second))
        }
        return samples
    }

    /// The samples for people.
    static func text(of samples: [RunSample]) -> String {
        func line(_ text: String) -> String { text.replacing("\n", with: " ") }
        let names = [
            pallet.text("    应答   ", "    wanted  "), pallet.text("    训练前 ", "    before  "),
            pallet.text("    训练后 ", "    after   "),
        ]
        var lines = [pallet.text("留出的问题，训练前后各答一次：", "held-out questions, answered before and after:")]
        for (number, sample) in samples.enumerated() {
            lines.append("\(number + 1). … \(line(sample.prompt_end))")
            let answers = [sample.expected, sample.before, sample.after]
            for (name, answer) in zip(names, answers) { lines.append(name + line(answer)) }
        }
        return lines.joined(separator: "\n")
    }

    private func words(_ ids: [Int]) throws -> String {
        try tokenizer.decode(ids, skipControl: true).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A model that does not fit beside the program is not worth losing the run's end for.
    private func checkMemory(_ base: ModelFile) throws {
        let needed = base.tensors.reduce(0) { $0 + $1.byteCount } / 10 * 12 + TrainingEstimate.program
        guard let available = MachineMemory.available, needed > available else { return }
        throw Failure(
            .unavailable, "需要约 \(Bytes.text(needed)) 内存，可用 \(Bytes.text(available))",
            "about \(Bytes.text(needed)) of memory are needed and \(Bytes.text(available)) are free")
    }

    private func answers(_ model: TransformerModel, _ pool: WorkerPool) throws -> [String?] {
        let workspace = try Workspace(model: model, rows: Self.stepTokens, logitRows: 1)
        return try questions.map { question in
            let room = min(Self.longest, model.configuration.contextLength - question.prompt.count)
            guard room > 0 else { return nil }
            return try words(try continuation(question.prompt, most: room, model, workspace, pool))
        }
    }

    /// The most probable token again and again, until the end of the turn.
    private func continuation(
        _ prompt: [Int], most: Int, _ model: TransformerModel, _ workspace: Workspace, _ pool: WorkerPool
    ) throws -> [Int] {
        let cache = try model.makeCache()
        var written: [Int] = [], next = prompt[...]
        while written.count < most {
            if Interrupt.isAsked { throw Failure(.temporary, "已取消", "cancelled") }
            let part = Array(next.prefix(Self.stepTokens))
            next = next.dropFirst(part.count)
            let step = SequenceStep(cache: cache, tokens: part, logits: next.isEmpty ? .last : .none)
            let logits = try model.forward([step], workspace: workspace, pool: pool)
            guard next.isEmpty else { continue }
            guard let row = logits.first?.first, !row.isEmpty else { break }
            var best = 0
            for index in row.indices where row[index] > row[best] { best = index }
            if tokenizer.endOfGenerationTokens.contains(best) { break }
            written.append(best)
            next = [best]
        }
        return written
    }
}
