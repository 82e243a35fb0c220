public import FoundationEssentials

/// Data files as they are trained on, in memory.
public enum LoadedData: Sendable {
    /// Rows of tokens and labels.
    case rows(RowsInMemory)
    /// Preference pairs.
    case pairs([PreferencePair])
    /// Judged completions.
    case judged([JudgedCompletion])

    /// How many there are.
    public var count: Int {
        switch self {
        case .rows(let rows): rows.count
        case .pairs(let pairs): pairs.count
        case .judged(let judged): judged.count
        }
    }
}

extension DataReader {
    /// Reads files into memory.
    ///
    /// - Parameter packing: rows are packed into rows of at most so many tokens; nil: each stays a row.
    public func load(_ files: [URL], packing: Int? = nil) throws -> (data: LoadedData, report: DataReport) {
        var rows: [TrainingRow] = []
        var pairs: [PreferencePair] = []
        var judged: [JudgedCompletion] = []
        let report = try read(files) { example in
            switch example {
            case .row(let row): rows.append(row)
            case .pair(let pair): pairs.append(pair)
            case .judged(let completion): judged.append(completion)
            }
        }
        if !pairs.isEmpty { return (.pairs(pairs), report) }
        if !judged.isEmpty { return (.judged(judged), report) }
        if let packing { rows = RowPacking.packed(rows, context: packing) }
        return (.rows(RowsInMemory(rows)), report)
    }

    /// Reads files into a token shard. Memory: a few rows and 32 bytes for each.
    ///
    /// - Parameters:
    ///   - tokenizerHash: the fingerprint of the tokenizer.
    ///   - packing: rows are packed into rows of at most so many tokens; nil: each stays a row.
    public func writeShard(
        _ files: [URL], to url: URL, tokenizerHash: String, packing: Int? = nil
    ) throws -> DataReport {
        var writer = try TokenShardWriter(
            url, tokenizerHash: tokenizerHash, vocabularySize: encoder.vocabularySize)
        var packer = packing.map { RowPacking(context: $0) }
        let report = try read(files) { example in
            guard case .row(let row) = example else {
                throw TrainingDataError.notRows
            }
            for packed in packer?.add(row) ?? [row] { try writer.append(packed) }
        }
        for packed in packer?.finish() ?? [] { try writer.append(packed) }
        try writer.finish()
        return report
    }
}
