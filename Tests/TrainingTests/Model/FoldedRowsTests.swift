import Foundation
import ModelFormats
import Tensors
import TestSupport
import Testing
import Training

/// Rows with the same beginning are computed once, packed rows side by side: gradients are those of the rows alone.
@Suite(.enabled(if: Shared.available, Shared.hint))
struct FoldedRowsTests {
    /// Rows that begin alike: three questions under one text, two of which have more in common, one text that is the
    /// beginning of another, equal rows, and rows alone.
    static func rows(_ seed: UInt64) -> [TrainingRow] {
        var random = SystemRandom(state: seed)
        func tokens(_ count: Int) -> [Int32] { (0..<count).map { _ in Int32.random(in: 3..<300, using: &random) } }
        let text = tokens(45), more = text + tokens(40)
        var rows: [TrainingRow] = []
        func add(_ tokens: [Int32], from: Int) {
            let labels = tokens.enumerated().map { $0.offset < from ? TrainingRow.ignored : $0.element }
            rows.append(TrainingRow(tokens: tokens, labels: labels))
        }
        add(text + tokens(9), from: 50)
        add(more + tokens(7), from: 20)
        add(tokens(12), from: 1)
        add(more + tokens(33), from: 90)
        add(more, from: 60)
        add(text, from: 5)
        add(text, from: 40)
        add(more + tokens(1), from: 85)
        add(Array(text.prefix(33)) + tokens(5), from: 2)
        add(Array(text.prefix(10)) + tokens(50), from: 30)
        return rows
    }

    struct SystemRandom: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let mixed = (state ^ (state >> 31)) &* 0x9E37_79B9_7F4A_7C15
            return mixed ^ (mixed >> 29)
        }
    }

    /// Loss and gradients.
    static func gradient(_ model: TrainingModel, _ batches: [TrainingBatch]) throws -> (loss: Double, values: [Float]) {
        let pool = try WorkerPool(threads: 2), ratios = try model.magnitudeRatios(pool: pool)
        let space = try TrainingWorkspace(
            model: model, rows: batches.map(\.tokens.count).max() ?? 1,
            targets: batches.map(\.targets.count).max() ?? 1,
            recomputes: false)
        model.clearGradient(pool: pool)
        var loss = 0.0
        for batch in batches {
            let values = model.addGradient(batch, workspace: space, pool: pool, ratios: ratios)
            loss -= zip(values, batch.targets).reduce(0) { $0 + Double($1.0) * Double($1.1.weight) }
        }
        model.finishGradient(pool: pool, ratios: ratios)
        return (loss, model.arena.gradients.array)
    }

    @Test(arguments: ["sft-full", "sft-full-tied", "lora", "dora", "qlora-q4_0"], [1, 2])
    func gradients(name: String, seed: UInt64) throws {
        let reference = try ReferenceCase(name)
        let (part, adapter) = try reference.part()
        let model = try TrainingModel(
            file: try ModelFile.open(try #require(reference.url("model"))), part: part, seed: 0)
        if let adapter { try model.load(adapter) }
        let rows = Self.rows(seed)
        func weight(_ row: Int) -> Float { 0.01 * Float(row % 3 + 1) }
        let alone = try Self.gradient(
            model, rows.enumerated().map { index, row in TrainingBatch([row]) { _ in weight(index) } })
        let size = ReferenceTrainingTests.distance(alone.values, [Float](repeating: 0, count: alone.values.count))
        let folded = TrainingBatch(rows, weight: weight), side = TrainingBatch(rows, sharing: false, weight: weight)
        #expect(side.tokens.count == rows.reduce(0) { $0 + $1.tokens.count })
        #expect(folded.tokens.count < side.tokens.count * 2 / 3)
        #expect(folded.targets.count == side.targets.count)
        for batch in [folded, side] {
            let found = try Self.gradient(model, [batch])
            #expect(abs(found.loss - alone.loss) <= 1e-6 * alone.loss)
            let distance = ReferenceTrainingTests.distance(found.values, alone.values)
            #expect(distance <= 1e-5 * size, "\(distance / size)")
        }
        // Packed rows cannot say which row a token is of: equal weights.
        let plain = try Self.gradient(model, rows.map { row in TrainingBatch([row]) })
        let packed = RowPacking.packed(rows, context: 200)
        #expect(packed.count < rows.count)
        let found = try Self.gradient(model, [TrainingBatch(packed)])
        #expect(abs(found.loss - plain.loss) <= 1e-6 * plain.loss)
        let whole = ReferenceTrainingTests.distance(plain.values, [Float](repeating: 0, count: plain.values.count))
        #expect(ReferenceTrainingTests.distance(found.values, plain.values) <= 1e-5 * whole)
    }

    /// What a row's tokens behind a position say changes nothing before it, and another document nothing at all.
    @Test func nothingLeaks() throws {
        let model = try TrainingModel(
            file: try ModelFile.open(try #require(ReferenceCase("sft-full").url("model"))), part: .nothing, seed: 0)
        let pool = try WorkerPool(threads: 1), ratios = try model.magnitudeRatios(pool: pool)
        let rows = Self.rows(3)
        let space = try TrainingWorkspace(model: model, rows: 700, targets: 700, recomputes: true)
        func values(_ rows: [TrainingRow]) -> [Int: [Float]] {
            let batch = TrainingBatch(rows)
            let found = model.logProbabilities(batch, workspace: space, pool: pool, ratios: ratios)
            return Dictionary(grouping: zip(batch.origins, found), by: \.0).mapValues { $0.map(\.1) }
        }
        let before = values(rows)
        var changed = rows
        for at in 60..<changed[3].tokens.count { changed[3].tokens[at] = 5 }
        changed[3].labels = changed[3].tokens.enumerated().map { $0.offset < 90 ? -100 : $0.element }
        let after = values(changed)
        // The tree is another one, so sums may be cut at other places.
        func largest(_ row: Int) throws -> Float {
            let (old, new) = (try #require(before[row]), try #require(after[row]))
            try #require(old.count == new.count)
            return zip(old, new).reduce(0) { max($0, abs($1.0 - $1.1)) }
        }
        for row in rows.indices where row != 3 { #expect(try largest(row) < 1e-5, "row \(row)") }
        #expect(try largest(3) > 0.1)
    }
}
