import ChatTemplates
import Foundation
import ModelFormats
import ModelHub
import Tokenizers
import Training

/// Rows of a run: read, packed, some held out, general ones mixed in.
struct TrainingData {
    var rows: [TrainingRow] = []
    var pairs: [PreferencePair] = []
    var judged: [JudgedCompletion] = []
    var heldOut: HeldOutRows?
    var report = DataReport()
    /// SHA-256 of the files.
    var hash = ""
    /// A file of tokens that is read row by row; nil where the rows are in memory.
    private var shard: TokenShard?

    /// Rows that are trained on, or of a shard its first ones, to plan with.
    var sample: [TrainingRow] { rows }

    /// How many rows, pairs or judged answers are trained on.
    var count: Int { shard?.count ?? max(rows.count, pairs.count, judged.count) }

    /// What the run reads.
    var source: any RowSource { shard ?? RowsInMemory(rows) as any RowSource }

    /// Tokens of the longest sequence.
    var longest: Int { report.longest }

    /// Reads the files of a run with the tokenizer and template that the model is served with.
    init(
        _ data: TrainingDataOptions, _ options: TrainingOptions, file: ModelFile, definition: TokenizerDefinition,
        tokenizer: Tokenizer, kind: DatasetForm.Kind?
    ) throws {
        if let shard = try Self.shard(data, definition) {
            self.shard = shard
            hash = shard.hash
            rows = try (0..<min(shard.count, 256)).map { try shard.row($0) }
            report.rows = shard.count
            report.tokens = shard.tokens
            report.trainedTokens = shard.trainedTokens
            report.longest = shard.longest
            return
        }
        let size = file.configuration.vocabularySize
        var own = data
        let limit = file.configuration.contextLength
        if let context = data.context, context > limit {
            throw Failure(
                .usage, "--context \(context) 超过模型的上下文长度 \(limit)",
                "--context \(context) is above the model's context of \(limit) tokens")
        }
        own.context = data.context ?? min(limit, 2048)
        let reader = try own.reader(definition: definition, tokenizer: tokenizer, vocabularySize: size, kind: kind)
        report = try read(reader, data.files)
        var hashes = try data.files.map { try FileHash.of($0) }
        if !options.replay.isEmpty {
            let files = options.replay.map { URL(fileURLWithPath: $0) }
            var general = TrainingData()
            _ = try general.read(reader, files)
            let count = Int((Double(rows.count) * options.replayShare / (1 - options.replayShare)).rounded())
            let order = RowOrder(count: general.rows.count, seed: options.seed)
            rows += (0..<min(count, general.rows.count)).map { general.rows[order.row(at: $0)] }
            hashes += try files.map { try FileHash.of($0) }
        }
        hash = hashes.joined(separator: "+")
        holdOut(options, tokenizer)
        let isPacked = options.pack || (!options.noShuffle && report.files.allSatisfy { $0.form == .text })
        if isPacked { rows = RowPacking.packed(rows, context: own.context ?? 2048) }
    }

    private init() {}

    /// The file of tokens, where that is what was given; made for this model's tokenizer.
    private static func shard(
        _ data: TrainingDataOptions, _ definition: TokenizerDefinition
    ) throws -> TokenShard? {
        guard let url = data.files.first, data.files.count == 1 else { return nil }
        do {
            return try TokenShard(url, tokenizerHash: definition.fingerprint)
        } catch TokenShardError.notAShard {
            return nil
        } catch TokenShardError.damaged where !["shard", "tokens"].contains(url.pathExtension) {
            // A text file shorter than a shard's header.
            return nil
        } catch TokenShardError.file {
            return nil
        }
    }

    private mutating func read(_ reader: DataReader, _ files: [URL]) throws -> DataReport {
        var rows: [TrainingRow] = [], pairs: [PreferencePair] = [], judged: [JudgedCompletion] = []
        let report = try reader.read(files) { example in
            switch example {
            case .row(let row): rows.append(row)
            case .pair(let pair): pairs.append(pair)
            case .judged(let one): judged.append(one)
            }
        }
        (self.rows, self.pairs, self.judged) = (rows, pairs, judged)
        for line in report.badRowLines { Output.note(line) }
        return report
    }

    /// Keeps some rows back: whole groups that share a beginning, so that none is seen through another.
    private mutating func holdOut(_ options: TrainingOptions, _ tokenizer: Tokenizer) {
        let share = options.validationShare ?? (options.noShuffle || rows.count < 40 ? 0 : 0.05)
        guard share > 0, rows.count > 1 else { return }
        let wanted = max(1, Int(Double(rows.count) * share))
        let numbers = RowGroups.groups(of: rows)
        let order = RowOrder(count: rows.count, seed: options.seed ^ 0x5EED)
        var chosen = Set<Int>(), count = 0, place = 0
        while count < wanted, place < rows.count {
            let group = numbers[order.row(at: place)]
            place += 1
            guard !chosen.contains(group) else { continue }
            let size = numbers.count { $0 == group }
            if count + size > max(2 * wanted, 1), count > 0 { continue }
            if count + size >= rows.count { break }
            chosen.insert(group)
            count += size
        }
        guard count > 0 else { return }
        let held = zip(rows, numbers).filter { chosen.contains($1) }.map(\.0)
        rows = zip(rows, numbers).filter { !chosen.contains($1) }.map(\.0)
        // A vocabulary whose ids cannot be decoded only leaves the bits a byte unsaid.
        let bytes = held.reduce(0) { sum, row in
            let ids = row.labels.filter { $0 != TrainingRow.ignored }.map(Int.init)
            return sum + ((try? tokenizer.decode(ids))?.utf8.count ?? 0)
        }
        heldOut = HeldOutRows(held, bytes: bytes)
    }
}

/// SHA-256 of files and folders, for run cards.
enum FileHash {
    static func of(_ url: URL) throws -> String { try FileDigest.sha256(url) }

    /// Of a model: the file, or the weights and config of a folder by name.
    static func ofModel(_ url: URL) throws -> String {
        let isFolder = (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
        guard isFolder else { return try of(url) }
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
            .filter { $0.hasSuffix(".safetensors") || $0 == "config.json" }.sorted()
        return try names.map { "\($0) \(try of(url.appendingPathComponent($0)))" }.joined(separator: "\n")
    }
}
