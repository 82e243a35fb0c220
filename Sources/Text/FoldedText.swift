/// A text in its folded form (see `Normalisation.fold`) with the way back to the source.
///
/// One source scalar may become none (a combining accent), one, or several (㎡ → m2); every folded scalar knows the
/// one it came from, so that what is found in the folded text can be shown in the text as it was written.
public struct FoldedText: Sendable, Hashable {
    /// The folded scalars.
    public let scalars: [Unicode.Scalar]
    /// For each folded scalar the index of its source scalar; never decreasing.
    public let origins: [Int]
    /// The number of scalars of the source.
    public let sourceCount: Int

    init(scalars: [Unicode.Scalar], origins: [Int], sourceCount: Int) {
        self.scalars = scalars
        self.origins = origins
        self.sourceCount = sourceCount
    }

    /// The folded text as a string.
    public var string: String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }

    /// The range of source scalars that became `range` of the folded ones. Parts of `range` outside are cut off.
    public func sourceRange(_ range: Range<Int>) -> Range<Int> {
        let range = range.clamped(to: 0..<scalars.count)
        guard let last = range.last else {
            let place = range.lowerBound < origins.count ? origins[range.lowerBound] : sourceCount
            return place..<place
        }
        // Accents that follow and were dropped belong to the letter before them.
        let end = last + 1 < origins.count ? max(origins[last + 1], origins[last] + 1) : sourceCount
        let isNeighbour = end - origins[last] <= 1
        return origins[range.lowerBound]..<(isNeighbour ? end : origins[last] + 1)
    }

    /// The folded scalars in `range` as a string.
    public func substring(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range.clamped(to: 0..<scalars.count)])
        return String(view)
    }
}
