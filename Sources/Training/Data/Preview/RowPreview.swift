public import Tokenizers

/// A row as people see it: its text in runs that are trained or not.
public struct RowPreview: Sendable, Equatable {
    /// Tokens side by side with the same fate.
    public struct Run: Sendable, Equatable {
        /// Whether they are trained.
        public var isTrained: Bool
        /// The tokens' texts; control tokens as the vocabulary writes them.
        public var tokens: [Piece]
    }

    /// A token as text.
    public struct Piece: Sendable, Equatable {
        /// Its id.
        public var id: Int
        /// What it stands for. A character that several tokens share stands in the last of them, so that nothing is
        /// shown broken; the others are empty.
        public var text: String
        /// Whether it is a control token.
        public var isControl: Bool
    }

    /// The row's number, from 0.
    public let number: Int
    /// Its runs in order.
    public let runs: [Run]
    /// How many tokens it has.
    public let tokenCount: Int
    /// How many of them are trained.
    public let trainedCount: Int
    /// How many documents are packed in it.
    public let documents: Int

    /// What a row trains.
    public init(_ row: TrainingRow, number: Int, tokenizer: Tokenizer) {
        self.number = number
        tokenCount = row.tokens.count
        trainedCount = row.trainedCount
        documents = max(1, row.tokens.indices.count { row.startsDocument($0) })
        var runs: [Run] = []
        var pending: [UInt8] = []
        for (index, token) in row.tokens.enumerated() {
            let id = Int(token)
            let isTrained =
                row.labels.indices.contains(index) && row.labels[index] != TrainingRow.ignored
                && !row.startsDocument(index)
            let isControl = tokenizer.type(of: id) == .control
            pending += (try? tokenizer.bytes(of: id)) ?? Array("⟨\(id)⟩".utf8)
            var text = ""
            if isControl || index == row.tokens.count - 1 || Self.isWhole(pending) {
                text = String(decoding: pending, as: UTF8.self)
                pending.removeAll(keepingCapacity: true)
            }
            let piece = Piece(id: id, text: text, isControl: isControl)
            if runs.last?.isTrained == isTrained {
                runs[runs.count - 1].tokens.append(piece)
            } else {
                runs.append(Run(isTrained: isTrained, tokens: [piece]))
            }
        }
        self.runs = runs
    }

    /// A pair or a judged completion as rows: the prompt untrained, each answer trained.
    public static func previews(of example: EncodedExample, number: Int, tokenizer: Tokenizer) -> [RowPreview] {
        func row(_ prompt: [Int32], _ answer: [Int32]) -> RowPreview {
            let ignored = [Int32](repeating: TrainingRow.ignored, count: prompt.count)
            return RowPreview(
                TrainingRow(tokens: prompt + answer, labels: ignored + answer), number: number, tokenizer: tokenizer)
        }
        switch example {
        case .row(let found): return [RowPreview(found, number: number, tokenizer: tokenizer)]
        case .pair(let pair): return [row(pair.prompt, pair.chosen), row(pair.prompt, pair.rejected)]
        case .judged(let judged): return [row(judged.prompt, judged.completion)]
        }
    }

    /// Whether the bytes end with a whole character.
    private static func isWhole(_ bytes: [UInt8]) -> Bool {
        guard let start = bytes.lastIndex(where: { $0 & 0xC0 != 0x80 }) else { return bytes.count > 3 }
        let length =
            switch bytes[start] {
            case 0xC2...0xDF: 2
            case 0xE0...0xEF: 3
            case 0xF0...0xF4: 4
            default: 1
            }
        return bytes.count - start >= length
    }
}
