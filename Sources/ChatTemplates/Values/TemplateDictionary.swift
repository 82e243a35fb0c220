/// A dictionary with string keys in the order of insertion, as a JSON object read by Python: of equal keys the last
/// value wins and the first place stays. Keys are equal when their bytes are, not by Unicode's canonical equivalence.
public struct TemplateDictionary: Sendable {
    /// Keys and values in order. Keys are unique.
    public private(set) var entries: [(key: String, value: TemplateValue)] = []
    /// Place of each key; only filled above ``indexFrom`` entries, since a short list is searched faster.
    private var places: [[UInt8]: Int] = [:]

    private static let indexFrom = 12

    /// An empty dictionary.
    public init() {}

    /// These entries; of equal keys the last value wins.
    public init(_ entries: some Sequence<(String, TemplateValue)>) {
        for (key, value) in entries { self[key] = value }
    }

    /// The value of a key; setting nil removes the key. Cost: constant for reading and adding, linear for removing.
    public subscript(key: String) -> TemplateValue? {
        get { place(of: key).map { entries[$0].value } }
        set {
            switch (place(of: key), newValue) {
            case (let place?, let value?):
                entries[place].value = value
            case (let place?, nil):
                entries.remove(at: place)
                reindex()
            case (nil, let value?):
                entries.append((key, value))
                if entries.count == Self.indexFrom {
                    reindex()
                } else if entries.count > Self.indexFrom {
                    places[Array(key.utf8)] = entries.count - 1
                }
            case (nil, nil):
                break
            }
        }
    }

    private func place(of key: String) -> Int? {
        if entries.count >= Self.indexFrom { return places[Array(key.utf8)] }
        return entries.firstIndex { $0.key.utf8.elementsEqual(key.utf8) }
    }

    private mutating func reindex() {
        places.removeAll(keepingCapacity: true)
        guard entries.count >= Self.indexFrom else { return }
        for (place, entry) in entries.enumerated() { places[Array(entry.key.utf8)] = place }
    }
}
