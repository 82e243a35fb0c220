import Foundation
import TestSupport
import Testing
import Training

/// The order of rows and their packing.
struct OrderTests {
    @Test(
        "each epoch has each row once, in an order of its own, and the same again",
        arguments: [1, 2, 3, 7, 64, 1000, 1025])
    func permutations(count: Int) {
        let order = RowOrder(count: count, seed: 5)
        let first = (0..<count).map { order.row($0, epoch: 0) }
        #expect(first.sorted() == Array(0..<count))
        #expect(first == order.rows(epoch: 0))
        #expect(first == RowOrder(count: count, seed: 5).rows(epoch: 0))
        #expect((0..<count).map { order.row(at: 3 * count + $0) } == order.rows(epoch: 3))
        guard count > 6 else { return }
        #expect(first != Array(0..<count))
        #expect(first != order.rows(epoch: 1))
        #expect(first != RowOrder(count: count, seed: 6).rows(epoch: 0))
    }

    @Test("the shuffle is even: a row comes at every place equally often")
    func even() {
        let count = 12
        var hits = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
        for epoch in 0..<12_000 {
            for (place, row) in RowOrder(count: count, seed: 1).rows(epoch: epoch).enumerated() {
                hits[place][row] += 1
            }
        }
        // 1 000 expected, standard deviation 30.
        #expect(hits.joined().allSatisfy { (850...1150).contains($0) })
    }

    @Test("groups stay together and change places")
    func groups() {
        let groups = [7, 1, 7, 2, 2, 7, 1, -4]
        let order = RowOrder(groups: groups, seed: 3)
        var seen: Set<[Int]> = []
        for epoch in 0..<20 {
            let rows = order.rows(epoch: epoch)
            #expect(rows.sorted() == Array(0..<8))
            #expect(rows == (0..<8).map { order.row($0, epoch: epoch) })
            let found = rows.map { groups[$0] }
            let changes = zip(found, found.dropFirst()).count { $0 != $1 }
            #expect(changes == 3, "\(found)")
            seen.insert(rows)
        }
        #expect(seen.count > 12)
    }

    @Test("rows that share passages form groups, though all share a system text")
    func sharedBeginnings() {
        func row(_ passages: Int32, _ question: Int32, length: Int = 300) -> TrainingRow {
            let tokens =
                [Int32](repeating: 1, count: 100) + [Int32](repeating: passages, count: length)
                + [question, question + 1]
            return TrainingRow(tokens: tokens, labels: tokens)
        }
        let rows = [row(5, 8), row(6, 8), row(5, 9), row(7, 2), row(6, 7), row(5, 3)]
        let memory = RowsInMemory(rows)
        #expect(rows.indices.map { memory.group($0) } == [0, 1, 0, 2, 1, 0])
        let system = RowsInMemory([row(5, 8, length: 3), row(6, 8, length: 3), row(7, 9, length: 3)])
        #expect((0..<3).map { system.group($0) } == [0, 0, 0])
        let short = (0..<3).map { TrainingRow(tokens: [1, 2, $0], labels: [1, 2, $0]) }
        #expect(RowGroups.groups(of: short) == [0, 1, 2])
        #expect(RowGroups.groups(of: short, leastShared: 2) == [0, 0, 0])
        #expect(RowGroups.groups(of: []) == [])
    }

    @Test("the order of the file")
    func fileOrder() {
        let order = RowOrder(inFileOrder: 3)
        #expect((0..<7).map { order.row(at: $0) } == [0, 1, 2, 0, 1, 2, 0])
        #expect(RowOrder(count: 0, seed: 1).row(at: 9) == 0)
    }

    @Test("packing: first fit, positions restart, the first label of a document is not trained")
    func packing() {
        func row(_ value: Int32, _ count: Int) -> TrainingRow {
            let tokens = [Int32](repeating: value, count: count)
            return TrainingRow(tokens: tokens, labels: tokens)
        }
        let packed = RowPacking.packed([row(1, 3), row(2, 4), row(3, 2), row(4, 1), row(5, 9)], context: 6)
        #expect(packed.map(\.tokens) == [[1, 1, 1, 3, 3, 4], [5, 5, 5, 5, 5, 5, 5, 5, 5], [2, 2, 2, 2]])
        #expect(packed[0].positions == [0, 1, 2, 0, 1, 0])
        #expect(packed[0].labels == [-100, 1, 1, -100, 3, -100])
        #expect(packed[2].positions == [0, 1, 2, 3])
        let trained = packed.reduce(0) { $0 + $1.trainedCount }
        #expect(trained == 2 + 3 + 1 + 0 + 8)
    }

    @Test("packing loses no token, whatever comes")
    func packingKeeps() {
        var random = SystemRandomNumberGenerator()
        let rows = (0..<500).map { number in
            let tokens = [Int32](repeating: Int32(number), count: Int.random(in: 0...40, using: &random))
            return TrainingRow(tokens: tokens, labels: tokens)
        }
        let packed = RowPacking.packed(rows, context: 40)
        #expect(packed.flatMap(\.tokens).sorted() == rows.flatMap(\.tokens).sorted())
        #expect(packed.allSatisfy { $0.tokens.count <= 40 && $0.labels.count == $0.tokens.count })
        #expect(packed.allSatisfy { $0.positions?.count == $0.tokens.count })
        #expect(packed.count < rows.count * 20 / 40 * 23 / 20)
    }

    @Test("the reference's packed rows are what packing gives of its rows", .enabled(if: Shared.available, Shared.hint))
    func reference() throws {
        let reader = try TestModel.reader(template: nil) { $0.vocabularySize = 320 }
        func rows(_ name: String) throws -> [TrainingRow] {
            var rows: [TrainingRow] = []
            try reader.read([Shared.folder.appendingPathComponent("reference/training/packing/" + name)]) {
                if case .row(let row) = $0 { rows.append(row) }
            }
            return rows
        }
        let single = try rows("rows.jsonl")
        let packed = try rows("packed.jsonl")
        for (index, expected) in packed.enumerated() {
            let own = single[(index * single.count / packed.count)..<((index + 1) * single.count / packed.count)]
            #expect(RowPacking.packed(Array(own), context: 192) == [expected], "row \(index)")
        }
        #expect(packed.reduce(0) { $0 + $1.trainedCount } == single.reduce(0) { $0 + $1.trainedCount })
    }
}
