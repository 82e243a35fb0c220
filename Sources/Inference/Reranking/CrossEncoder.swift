import Tensors
import Tokenizers
import Transformers

/// An encoder whose head scores a pair: query and passage are read as one sequence.
struct CrossEncoder {
    /// A pair as it is computed.
    struct Pair {
        let tokens: TextPair
        let truncated: Bool
    }

    private let encoder: EncoderModel
    private let tokenizer: Tokenizer
    private let contextLength: Int
    private let workspace: EncoderWorkspace

    init(encoder: EncoderModel, tokenizer: Tokenizer, contextLength: Int, stepTokens: Int) throws {
        self.encoder = encoder
        self.tokenizer = tokenizer
        self.contextLength = contextLength
        workspace = try EncoderWorkspace(model: encoder, rows: max(stepTokens, contextLength))
    }

    /// The pairs of a query in steps that fit the workspace.
    func steps(query: String, passages: [String]) -> [[Pair]] {
        let first = tokenizer.encode(query, addSpecial: false, parseSpecial: false)
        var steps: [[Pair]] = []
        var rows = workspace.rows
        for passage in passages {
            let pair = pair(first, tokenizer.encode(passage, addSpecial: false, parseSpecial: false))
            if rows + pair.tokens.count > workspace.rows {
                steps.append([])
                rows = 0
            }
            steps[steps.count - 1].append(pair)
            rows += pair.tokens.count
        }
        return steps
    }

    func scores(_ step: [Pair], pool: WorkerPool) throws -> [Reranker.Score] {
        let logits = try encoder.scores(of: step.map(\.tokens), workspace: workspace, pool: pool)
        return zip(step, logits).map { pair, logit in
            Reranker.Score(logit: Double(logit), tokens: pair.tokens.count, truncated: pair.truncated)
        }
    }

    /// Where both do not fit, the longer one loses its end until they are equally long, then both do
    /// ("longest first", as sentence-transformers' cross-encoders were trained).
    private func pair(_ query: [Int], _ passage: [Int]) -> Pair {
        let room = max(0, contextLength - tokenizer.pairOverhead)
        var (first, second) = (query.count, passage.count)
        let truncated = first + second > room
        if truncated {
            let half = room / 2
            if first <= half {
                second = room - first
            } else if second <= room - half {
                first = room - second
            } else {
                (first, second) = (half, room - half)
            }
        }
        let parts = tokenizer.pair(Array(query.prefix(first)), Array(passage.prefix(second)))
        return Pair(tokens: TextPair(parts.first, parts.second), truncated: truncated)
    }
}
