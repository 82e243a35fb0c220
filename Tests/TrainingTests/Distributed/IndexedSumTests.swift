import Foundation
import Tensors
import Testing
import Training

/// The fixed tree of sums: the same bits whoever has which index.
struct IndexedSumTests {
    private static let length = 37

    /// Values whose sum depends on the order.
    private static func values(_ index: Int) -> [Float] {
        (0..<length).map { place in
            let scale: Float = place % 3 == 0 ? 1e-3 : 1e4
            let whole = (place * 7919 + index * 104_729) % 10_007
            return Float(whole) * scale + Float(index) * 0.1
        }
    }

    /// The sum as the documentation says it.
    private static func tree(_ level: Int, _ number: Int, _ count: Int) -> [Float] {
        if level == 0 { return values(number) }
        let left = tree(level - 1, number * 2, count)
        if (number * 2 + 1) << (level - 1) >= count { return left }
        return zip(left, tree(level - 1, number * 2 + 1, count)).map { $0 + $1 }
    }

    private static func tree(_ count: Int) -> [Float] {
        var level = 0
        while 1 << level < count { level += 1 }
        return tree(level, 0, count)
    }

    @Test(arguments: 1...20)
    func oneProcess(_ count: Int) throws {
        let pool = try WorkerPool(threads: 1)
        var sum = try IndexedSum(count: count, length: Self.length, pool: pool)
        let result = try FloatBuffer(count: Self.length)
        for round in 0..<2 {
            let order = round == 0 ? Array(0..<count) : (0..<count).reversed()
            for index in order {
                try sum.add(index: index, FloatBuffer(Self.values(index)))
                let bound = Int.bitWidth - count.leadingZeroBitCount
                #expect(sum.heldSums <= bound)
            }
            try sum.finish(over: SingleProcess(), into: result)
            #expect(result.array == Self.tree(count))
            #expect(sum.heldSums == 0)
        }
    }

    /// A plain sum from the left is another number: the test's values can tell.
    @Test func orderMatters() {
        let plain = (1..<9).reduce(Self.values(0)) { sum, index in zip(sum, Self.values(index)).map { $0 + $1 } }
        #expect(plain != Self.tree(9))
    }

    @Test(arguments: [2, 3, 4, 5], [1, 2, 3, 5, 7, 8, 12, 17])
    func manyProcesses(_ size: Int, _ count: Int) throws {
        let expected = Self.tree(count)
        for share in 0..<3 {
            let (results, sent) = ThreadGroup.run(size) { group in
                let pool = try WorkerPool(threads: 1)
                let own =
                    switch share {
                    case 0: Array(group.ownIndices(of: count))
                    case 1: (0..<count).filter { $0 % size == group.rank }
                    default: (0..<count).filter { ($0 &* 7 &+ 3) / 2 % size == group.rank }
                    }
                let result = try FloatBuffer(count: Self.length)
                let parts = try own.map { ($0, try FloatBuffer(Self.values($0))) }
                try group.reduceByIndex(parts: parts, count: count, into: result, pool: pool)
                return result.array
            }
            for result in results { #expect(try result.get() == expected) }
            #expect(results.count == size)
            // Equal ranges of whole subtrees: one buffer from each process but the first.
            if share == 0 && [2, 4].contains(size) && [8, size].contains(count) {
                #expect(sent == (size - 1) * Self.length)
            }
        }
    }

    /// Every process hears of a fault in any of them, and none waits.
    @Test(arguments: 0..<4)
    func badParts(_ fault: Int) {
        let (results, _) = ThreadGroup.run(3) { group in
            let pool = try WorkerPool(threads: 1)
            let strange = group.rank == 1
            let count = fault == 0 && strange ? 5 : 6
            let length = fault == 1 && strange ? 7 : 8
            var sum = try IndexedSum(count: count, length: length, pool: pool)
            for index in group.ownIndices(of: 6) where index < count {
                if fault == 2 && strange && index == 2 { continue }
                try sum.add(index: index, FloatBuffer(count: 8))
            }
            if fault == 3 && strange { try sum.add(index: 0, FloatBuffer(count: 8)) }
            try sum.finish(over: group, into: FloatBuffer(count: 8))
        }
        #expect(results.count == 3)
        for result in results {
            #expect(throws: CommunicationError.self) { try result.get() }
        }
    }

    @Test func badIndex() throws {
        let pool = try WorkerPool(threads: 1)
        #expect(throws: CommunicationError.self) { _ = try IndexedSum(count: 0, length: 1, pool: pool) }
        #expect(throws: CommunicationError.self) { _ = try IndexedSum(count: .max, length: 1, pool: pool) }
        #expect(throws: CommunicationError.self) { _ = try IndexedSum(count: 1, length: -1, pool: pool) }
        var sum = try IndexedSum(count: 2, length: 4, pool: pool)
        for index in [-1, 2, .max, .min] {
            #expect(throws: CommunicationError.self) { try sum.add(index: index, FloatBuffer(count: 4)) }
        }
        #expect(throws: CommunicationError.self) { try sum.add(index: 0, FloatBuffer(count: 3)) }
        try sum.add(index: 0, FloatBuffer(count: 4))
        #expect(throws: CommunicationError.self) {
            try sum.finish(over: SingleProcess(), into: FloatBuffer(count: 4))
        }
    }

    @Test func checkOfTheGroup() throws {
        let (good, _) = ThreadGroup.run(3) { group in
            try ProcessCheck.run(group, facts: [("data", "a")], pool: WorkerPool(threads: 1))
        }
        for result in good { try result.get() }
        let (bad, _) = ThreadGroup.run(3) { group in
            try ProcessCheck.run(
                group, facts: [("program", "p"), ("data", group.rank == 2 ? "b" : "a")], pool: WorkerPool(threads: 1))
        }
        for result in bad {
            #expect(throws: CommunicationError.disagreement(about: "data", values: ["a", "a", "b"])) {
                try result.get()
            }
        }
    }

    @Test func gathersNumbers() throws {
        let (results, _) = ThreadGroup.run(3) { group in
            let integers = try group.allGather([Int.min, group.rank, .max].suffix(group.rank + 1).map { $0 })
            let floats = try group.allGather([Float(group.rank) / 3, -.infinity, .leastNonzeroMagnitude])
            return (integers, floats)
        }
        for result in results {
            let (integers, floats) = try result.get()
            #expect(integers == [[.max], [1, .max], [.min, 2, .max]])
            #expect(floats == (0..<3).map { [Float($0) / 3, -.infinity, .leastNonzeroMagnitude] })
        }
    }

    /// The shares cover all indices once, in order, and differ by one at most.
    @Test(arguments: 1...7)
    func shares(_ size: Int) {
        for count in 0..<30 {
            let shares = (0..<size).map {
                ThreadCommunicator(rank: $0, size: size, group: ThreadGroup(size: size)).ownIndices(of: count)
            }
            #expect(shares.flatMap(Array.init) == Array(0..<count))
            #expect((shares.map(\.count).max() ?? 0) - (shares.map(\.count).min() ?? 0) <= 1)
        }
    }
}
