/// Published split patterns, compiled: stages one after the other, each cutting the pieces of the former.
///
/// A pattern is data here and never comes from a file. What it may hold is what published patterns hold: alternatives
/// of runs of scalar sets with bounds, literals in any case, `(?!\S)` and `$`. Runs are greedy and give back as a
/// regular expression engine does; the first alternative that matches wins.
struct SplitProgram: Sendable {
    /// A part of an alternative.
    enum Element: Sendable {
        /// `minimum` to `maximum` scalars of `sets[set]`.
        case run(set: Int, minimum: Int, maximum: Int)
        /// One of `literals` in any case of ASCII letters; nothing where it is optional.
        case literals([[UInt8]], isOptional: Bool)
        /// `(?!\S)`: the piece ends or white space follows.
        case notBeforeOther
        /// `$`: the piece ends.
        case end
    }

    struct Alternative: Sendable {
        var elements: [Element]
        /// Whether it begins with a run of zero or one to any number of scalars: where it fails, it fails at every
        /// later place of that run too, since those places leave the same or fewer ways to divide the run.
        var beginsWithRun: Bool {
            guard case .run(_, let minimum, let maximum)? = elements.first else { return false }
            return minimum <= 1 && maximum == .max
        }
    }

    /// The alternatives of each stage.
    let stages: [[Alternative]]
    let sets: [ScalarSet]
    let categories = ScalarCategories.shared

    /// Compiles patterns, nil where one holds what the subset does not have.
    init?(_ patterns: [String]) {
        var stages: [[Alternative]] = []
        var parser = SplitPatternParser()
        for pattern in patterns {
            guard let alternatives = parser.parse(pattern) else { return nil }
            stages.append(alternatives)
        }
        self.stages = stages
        sets = parser.sets
    }
}

/// A set of scalars: general categories and ranges, or all others, without some.
struct ScalarSet: Sendable, Equatable {
    /// Categories as bits, `1 << category`.
    var categories: UInt32 = 0
    /// Bounds of ranges, both inside.
    var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false
    /// Ranges that are not in the set whatever else holds.
    var excluded: [ClosedRange<UInt32>] = []
    /// Members among the first 128 scalars, as bits.
    private(set) var low: UInt64 = 0
    private(set) var high: UInt64 = 0

    /// Sorts the ranges and notes the members among the first 128 scalars.
    mutating func finish(_ table: ScalarCategories) {
        ranges = Self.merged(ranges)
        excluded = Self.merged(excluded)
        for scalar in UInt32(0)..<128 where searched(scalar, table) {
            if scalar < 64 { low |= 1 << UInt64(scalar) } else { high |= 1 << UInt64(scalar - 64) }
        }
    }

    @inline(__always)
    func contains(_ scalar: UInt32, _ table: ScalarCategories) -> Bool {
        if scalar < 128 { return (scalar < 64 ? low >> UInt64(scalar) : high >> UInt64(scalar - 64)) & 1 != 0 }
        return searched(scalar, table)
    }

    private func searched(_ scalar: UInt32, _ table: ScalarCategories) -> Bool {
        let inside = categories >> UInt32(table[scalar]) & 1 != 0 || Self.contains(ranges, scalar)
        return inside != isNegated && !Self.contains(excluded, scalar)
    }

    private static func contains(_ ranges: [ClosedRange<UInt32>], _ scalar: UInt32) -> Bool {
        var first = 0
        var count = ranges.count
        while count > 0 {
            let half = count / 2
            if ranges[first + half].upperBound < scalar {
                first += half + 1
                count -= half + 1
            } else {
                count = half
            }
        }
        return first < ranges.count && ranges[first].lowerBound <= scalar
    }

    private static func merged(_ ranges: [ClosedRange<UInt32>]) -> [ClosedRange<UInt32>] {
        var result: [ClosedRange<UInt32>] = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = result.last, range.lowerBound <= last.upperBound {
                result[result.count - 1] = last.lowerBound...max(last.upperBound, range.upperBound)
            } else {
                result.append(range)
            }
        }
        return result
    }
}
