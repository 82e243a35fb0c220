/// Names set inside a loop body, macro or block. The outermost level, the variables of the rendering, is an array of
/// the renderer; a scope only holds the few names of its own.
final class Scope {
    let parent: Scope?
    private var names: [Int] = []
    private var values: [Value] = []
    /// Whether a renderer keeps it; see ``Renderer/keep(_:)``.
    var isKept = false

    init(parent: Scope?) { self.parent = parent }

    subscript(name: Int) -> Value? {
        get {
            for (place, own) in names.enumerated() where own == name { return values[place] }
            return nil
        }
        set {
            guard let newValue else { return }
            if let place = names.firstIndex(of: name) {
                values[place] = newValue
            } else {
                names.append(name)
                values.append(newValue)
            }
        }
    }

    /// Lets go of all values; see ``Renderer/keep(_:)``.
    func release() {
        names = []
        values = []
    }
}
