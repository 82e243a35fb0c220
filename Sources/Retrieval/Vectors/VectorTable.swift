import Storage

/// The vectors of all passages of one version of an index, in memory. Immutable.
///
/// A question is compared with every one: 384 bytes each, of which a core gets through a million in 0.2 s
/// (docs/retrieval.md). No approximate index is needed below that.
final class VectorTable: Sendable {
    let version: Int64
    let space: String
    private let ids: [Int64]
    private let scales: [Float]
    private let values: [Int8]
    private let dimensions: Int

    /// Vectors that are broken or of another length than the first are left out.
    init(version: Int64, space: String, vectors: [(Int64, [UInt8])]) {
        self.version = version
        self.space = space
        var ids: [Int64] = []
        var scales: [Float] = []
        var values: [Int8] = []
        var dimensions = 0
        for (id, bytes) in vectors.sorted(by: { $0.0 < $1.0 }) {
            guard let vector = QuantisedVector(bytes: bytes) else { continue }
            if dimensions == 0 {
                dimensions = vector.values.count
                values.reserveCapacity(dimensions * vectors.count)
            }
            guard vector.values.count == dimensions else { continue }
            ids.append(id)
            scales.append(vector.scale)
            values += vector.values
        }
        self.ids = ids
        self.scales = scales
        self.values = values
        self.dimensions = dimensions
    }

    /// How alike each passage is to a question.
    /// - Returns: nil where the question's vector is of another length, or there are no vectors.
    func similarities(to question: QuantisedVector) -> Similarities? {
        guard dimensions > 0, question.values.count == dimensions else { return nil }
        var result: [Double] = []
        result.reserveCapacity(ids.count)
        for index in ids.indices {
            let sum = QuantisedVector.dot(values, from: index * dimensions, question.values)
            result.append(Double(sum) * Double(scales[index]) * Double(question.scale))
        }
        return Similarities(ids: ids, values: result)
    }
}

/// How alike the passages of an index are to one question.
struct Similarities: Sendable {
    /// Ascending.
    let ids: [Int64]
    let values: [Double]
    /// Mean and standard deviation over all passages: models differ in what "alike" measures, so that only how far a
    /// passage stands out can be added to a score by words.
    let mean: Double, deviation: Double

    init(ids: [Int64], values: [Double]) {
        self.ids = ids
        self.values = values
        let count = Double(max(1, values.count))
        let mean = values.reduce(0, +) / count
        self.mean = mean
        deviation = (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count).squareRoot()
    }

    /// The most alike passages, best first, ties by id. One pass; meant for counts that are small beside all.
    func best(_ count: Int) -> [Int64] {
        var best: [Int] = []
        for index in values.indices {
            // Of equals the one with the smaller id was there first and stays ahead.
            if best.count >= count, let last = best.last, !(values[index] > values[last]) { continue }
            let place = best.firstIndex { values[index] > values[$0] } ?? best.count
            best.insert(index, at: place)
            if best.count > max(0, count) { best.removeLast() }
        }
        return best.map { ids[$0] }
    }

    /// How alike a passage is; nil for one that has no vector. Binary search.
    func value(of id: Int64) -> Double? {
        var low = 0, high = ids.count
        while low < high {
            let middle = (low + high) / 2
            if ids[middle] < id { low = middle + 1 } else { high = middle }
        }
        return low < ids.count && ids[low] == id ? values[low] : nil
    }

    /// How many standard deviations above the mean a similarity lies; 0 where all are equal.
    func standing(_ value: Double) -> Double { deviation > 1e-6 ? (value - mean) / deviation : 0 }
}

/// Keeps the table of the version in use, so that it is read once and not with every question.
actor VectorCache {
    private var table: VectorTable?

    /// The table of this version; nil where the index has no vectors of this space.
    func table(
        of version: IndexVersion, space: String, in store: any PassageStore
    ) async throws -> VectorTable? {
        guard version.vectorSpace == space else { return nil }
        if let table, table.version == version.id { return table }
        let read = try await store.passageVectors(index: version.index)
        guard read.version.id == version.id else { return nil }
        let fresh = VectorTable(version: version.id, space: space, vectors: read.vectors)
        table = fresh
        return fresh
    }
}
