import ModelFormats

/// One vector from the states of a text, which may come in pieces. Sums are in f64 and in the order of the tokens, so
/// that a text gives the same bits however it was cut.
struct PooledStates {
    private let width: Int
    private let pooling: Pooling
    private var sums: [Double]
    private var kept: [Float] = []
    private var count = 0

    /// - Parameter width: values of a state.
    init(width: Int, _ pooling: Pooling) {
        self.width = width
        self.pooling = pooling
        sums = [Double](repeating: 0, count: pooling == .mean ? width : 0)
    }

    /// The states [tokens, width] that follow.
    mutating func add(_ states: [Float]) {
        switch pooling {
        case .cls: if count == 0 { kept = Array(states.prefix(width)) }
        case .last: kept = Array(states.suffix(width))
        case .mean:
            for start in stride(from: 0, to: states.count, by: width) {
                for column in 0..<width { sums[column] += Double(states[start + column]) }
            }
        }
        count += states.count / width
    }

    /// [width]
    var vector: [Float] { pooling == .mean ? sums.map { Float($0 / Double(count)) } : kept }

    /// The vector of length 1 in the same direction; zero stays zero.
    var unitVector: [Float] {
        let vector = vector
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        return length > 0 ? vector.map { Float(Double($0) / length) } : vector
    }
}
