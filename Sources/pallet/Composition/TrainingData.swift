import ChatTemplates
import Foundation
import ModelFormats
import ModelHub
import Tokenizers
import Training

/// Rows of a run: read, packed, some held out, general ones mixed in or kept to see forgetting by.
struct TrainingData {
    var rows: [TrainingRow] = []
    var pairs: [PreferencePair] = []
    var judged: [JudgedCompletion] = []
    var heldOut: HeldOutRows?
    /// The rows of `heldOut`.
    private(set) var heldOutRows: [TrainingRow] = []
    /// General rows that are looked at before and after the run and never trained on.
    private(set) var general: HeldOutRows?
    /// General rows that are mixed in.
    private(set) var replayRows = 0
    var report = DataReport()
    /// SHA-256 of the files.
    var hash = ""
    /// SHA-256 of the files of `--forgetting`; nil without them.
    private(set) var forgettingHash: String?
    /// A file of tokens that is read row by row; nil where the rows are in memory.
    private var shard: TokenShard?

    /// Most general rows that are looked at: enough to see a change, few enough to cost little.
    private static let generalLimit = 32

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
        let size = file.configuration.vocabularySize, limit = file.configuration.contextLength
        if let shard = try Self.shard(data, definition) {
            try take(shard)
        } else {
            var own = data
            if let context = data.context, context > limit {
                throw Failure(
                    .usage, "--context \(context) 超过模型的上下文长度 \(limit)",
                    "--context \(context) is above the model's context of \(limit) tokens")
            }
            own.context = data.context ?? Self.defaultContext(of: file.configuration)
            let reader = try own.reader(definition: definition, tokenizer: tokenizer, vocabularySize: size, kind: kind)
            report = try read(reader, data.files)
            var hashes = try data.files.map { try FileHash.of($0) }
            if !options.replay.isEmpty {
                let files = options.replay.map { URL(fileURLWithPath: $0) }
                try mix(files, reader, options, tokenizer)
                hashes += try files.map { try FileHash.of($0) }
            }
            hash = hashes.joined(separator: "+")
            holdOut(options, tokenizer)
            let isPacked = options.pack || (!options.noShuffle && report.files.allSatisfy { $0.form == .text })
            if isPacked { rows = RowPacking.packed(rows, context: own.context ?? 2048) }
        }
        guard report.trainedTokens > 0 else {
            throw TrainingDataError.nothingTrained(rows: report.rows, tokens: report.tokens)
        }
        guard !options.forgetting.isEmpty else { return }
        // Cut to what is computed at once anyway, so that looking takes no more memory than training.
        var own = data
        own.context = min(data.context ?? 2048, max(options.microBatchTokens, report.longest), limit)
        (own.cut, own.split) = (true, false)
        let reader = try own.reader(definition: definition, tokenizer: tokenizer, vocabularySize: size, kind: .rows)
        try look(options.forgetting.map { URL(fileURLWithPath: $0) }, reader, tokenizer)
    }

    private init() {}

    /// The longest row where no context is asked for.
    static func defaultContext(of configuration: ModelConfiguration) -> Int { min(configuration.contextLength, 2048) }

    private mutating func take(_ shard: TokenShard) throws {
        self.shard = shard
        hash = shard.hash
        rows = try (0..<min(shard.count, 256)).map { try shard.row($0) }
        report.rows = shard.count
        report.tokens = shard.tokens
        report.trainedTokens = shard.trainedTokens
        report.longest = shard.longest
    }

    /// Mixes general rows in; some of those that are left over show what is forgotten.
    private mutating func mix(
        _ files: [URL], _ reader: DataReader, _ options: TrainingOptions, _ tokenizer: Tokenizer
    ) throws {
        var replay = TrainingData()
        _ = try replay.read(reader, files)
        let wanted = Int((Double(rows.count) * options.shareOfReplay / (1 - options.shareOfReplay)).rounded())
        let order = RowOrder(count: replay.rows.count, seed: options.seed)
        replayRows = min(wanted, replay.rows.count)
        rows += (0..<replayRows).map { replay.rows[order.row(at: $0)] }
        let left = (replayRows..<replay.rows.count).prefix(Self.generalLimit).map { order.row(at: $0) }
        general = Self.scored(left.sorted().map { replay.rows[$0] }, tokenizer)
    }

    /// Reads what forgetting is seen by: the same rows whatever the run's seed.
    private mutating func look(_ files: [URL], _ reader: DataReader, _ tokenizer: Tokenizer) throws {
        var found = TrainingData()
        _ = try found.read(reader, files)
        let order = RowOrder(count: found.rows.count, seed: 0)
        let chosen = (0..<min(found.rows.count, Self.generalLimit)).map { order.row(at: $0) }
        general = Self.scored(chosen.sorted().map { found.rows[$0] }, tokenizer)
        forgettingHash = try files.map { try FileHash.of($0) }.joined(separator: "+")
    }

    /// Rows to look at, with the bytes of their trained text; nil without rows.
    private static func scored(_ rows: [TrainingRow], _ tokenizer: Tokenizer) -> HeldOutRows? {
        guard !rows.isEmpty else { return nil }
        // A vocabulary whose ids cannot be decoded only leaves the bits a byte unsaid.
        let bytes = rows.reduce(0) { sum, row in
            let ids = row.labels.filter { $0 != TrainingRow.ignored }.map(Int.init)
            return sum + ((try? tokenizer.decode(ids))?.utf8.count ?? 0)
        }
        return HeldOutRows(rows, bytes: bytes)
    }

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
        heldOutRows = zip(rows, numbers).filter { chosen.contains($1) }.map(\.0)
        rows = zip(rows, numbers).filter { !chosen.contains($1) }.map(\.0)
        heldOut = Self.scored(heldOutRows, tokenizer)
    }
}

/// SHA-256 of files and folders, for run cards.
enum FileHash {
    static func of(_ url: URL) throws -> String { try FileDigest.sha256(url) }

    /// Of the program that runs, even where another file has its name by now; nil where it cannot be read.
    static func ofProgram() -> String? {
        (try? of(URL(fileURLWithPath: "/proc/self/exe")))
            ?? (try? of(URL(fileURLWithPath: ProcessLauncher.currentProgram)))
    }

    /// Of a model: the file, or the weights and config of a folder by name.
    static func ofModel(_ url: URL) throws -> String {
        let isFolder = (try? url.resourceValues(forKeys: [.isDirectoryKey]))?.isDirectory ?? false
        guard isFolder else { return try of(url) }
        let names = try FileManager.default.contentsOfDirectory(atPath: url.path)
            .filter { $0.hasSuffix(".safetensors") || $0 == "config.json" }.sorted()
        return try names.map { "\($0) \(try of(url.appendingPathComponent($0)))" }.joined(separator: "\n")
    }
}
