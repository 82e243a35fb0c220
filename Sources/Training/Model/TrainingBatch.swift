public import Tensors

/// The rows of a micro-batch as the model computes them: one list of tokens, documents that share a beginning folded
/// into trees, and what each position must predict.
///
/// Rows with the same beginning (a system text and passages under several questions) have it computed once: gradients
/// are those of the rows one by one, up to rounding. Packed rows are cut into their documents.
public struct TrainingBatch: Sendable {
    /// Token ids of all documents, one behind the other.
    public private(set) var tokens: [Int] = []
    /// Position of each token within its own sequence.
    public private(set) var positions: [Int] = []
    /// What each token sees.
    public private(set) var forest: DocumentForest
    /// What is predicted from where, in order of rows of the batch.
    public private(set) var targets: [LabelTarget] = []
    /// For each target the row of the input that it comes from.
    public private(set) var origins: [Int] = []

    /// Shorter beginnings are not worth a tree.
    static let shortestShared = 32

    /// Folds rows.
    ///
    /// - Parameters:
    ///   - weight: what a target of row i counts.
    ///   - sharing: whether beginnings are computed once.
    public init(_ rows: [TrainingRow], sharing: Bool = true, weight: (Int) -> Float = { _ in 1 }) {
        var trees: [PrefixTree] = []
        for (index, row) in rows.enumerated() {
            let starts = row.tokens.indices.filter { row.startsDocument($0) } + [row.tokens.count]
            for (start, end) in zip(starts, starts.dropFirst()) where end > start {
                let targets = (start + 1..<end).filter { row.labels[$0] != TrainingRow.ignored }
                    .map { PrefixTree.Target(at: $0 - 1 - start, label: Int(row.labels[$0]), origin: index) }
                let document = row.tokens[start..<end]
                if sharing, row.positions == nil,
                    let tree = trees.firstIndex(where: { $0.shares(Self.shortestShared, of: document) })
                {
                    trees[tree].insert(document, targets: targets, shortest: Self.shortestShared)
                } else {
                    trees.append(PrefixTree(document, targets: targets))
                }
            }
        }
        forest = DocumentForest(positions: [])
        lay(trees, weight: weight)
    }

    /// Tokens that are computed of rows cut into micro-batches.
    public static func sizes(of rows: [TrainingRow], tokens: Int, sharing: Bool) -> [Int] {
        MicroBatches.cut(rows, tokens: tokens, sharing: sharing).map { part in
            TrainingBatch(Array(rows[part]), sharing: sharing).tokens.count
        }
    }

    private mutating func lay(_ trees: [PrefixTree], weight: (Int) -> Float) {
        var found: [(target: LabelTarget, origin: Int)] = []
        var laid: [(rows: Range<Int>, documents: [[Range<Int>]])] = []
        for tree in trees {
            let first = tokens.count
            var documents: [[Range<Int>]] = []
            var ranges: [[Range<Int>]] = []
            for node in tree.nodes {
                let start = tokens.count, ancestors = node.parent.map { ranges[$0] } ?? []
                let depth = ancestors.reduce(0) { $0 + $1.count }
                tokens += node.tokens.map(Int.init)
                positions += depth..<depth + node.tokens.count
                ranges.append(ancestors + [start..<tokens.count])
                documents.append(ranges[ranges.count - 1])
                for target in node.targets {
                    let place = LabelTarget(row: start + target.at, label: target.label, weight: weight(target.origin))
                    found.append((place, target.origin))
                }
            }
            laid.append((first..<tokens.count, documents))
        }
        found.sort { ($0.target.row, $0.origin, $0.target.label) < ($1.target.row, $1.origin, $1.target.label) }
        targets = found.map(\.target)
        origins = found.map(\.origin)
        forest = DocumentForest(positions: positions.map(Int32.init))
        for tree in laid { forest.add(rows: tree.rows, documents: tree.documents) }
    }

    /// Sets what each target counts, e.g. once the log-probabilities of all are known.
    mutating func setWeights(_ weights: [Float]) {
        precondition(weights.count == targets.count, "one weight for each target")
        for index in targets.indices { targets[index].weight = weights[index] }
    }
}

/// Token lists with a common beginning as a tree; parents stand before their children.
struct PrefixTree {
    struct Target {
        /// Index of the predicting token within the document, later within its node.
        var at: Int
        let label: Int
        let origin: Int
    }

    struct Node {
        var tokens: ArraySlice<Int32>
        var parent: Int?
        var targets: [Target]
    }

    private(set) var nodes: [Node]

    init(_ document: ArraySlice<Int32>, targets: [Target]) {
        nodes = [Node(tokens: document, parent: nil, targets: targets)]
    }

    func shares(_ count: Int, of document: ArraySlice<Int32>) -> Bool {
        document.prefix(count).count == count && nodes[0].tokens.prefix(count) == document.prefix(count)
    }

    /// Adds a document that begins as the root does.
    mutating func insert(_ document: ArraySlice<Int32>, targets: [Target], shortest: Int) {
        var current = 0, rest = document, targets = targets
        while true {
            let shared = zip(nodes[current].tokens, rest).prefix { $0 == $1 }.count
            if shared < nodes[current].tokens.count { split(current, at: shared) }
            // Targets of the shared part stay with it.
            nodes[current].targets += targets.filter { $0.at < shared }
            targets = targets.compactMap { target in
                target.at < shared ? nil : Target(at: target.at - shared, label: target.label, origin: target.origin)
            }
            rest = rest.dropFirst(shared)
            guard !rest.isEmpty else { return }
            let next = nodes.indices.first { index in
                nodes[index].parent == current
                    && zip(nodes[index].tokens, rest).prefix { $0 == $1 }.count >= shortest
            }
            guard let next else {
                nodes.append(Node(tokens: rest, parent: current, targets: targets))
                return
            }
            current = next
        }
    }

    /// Cuts a node in two: what stood below it stands below the second half.
    private mutating func split(_ index: Int, at count: Int) {
        let node = nodes[index]
        let lower = Node(
            tokens: node.tokens.dropFirst(count), parent: index,
            targets: node.targets.filter { $0.at >= count }.map {
                Target(at: $0.at - count, label: $0.label, origin: $0.origin)
            })
        nodes[index].tokens = node.tokens.prefix(count)
        nodes[index].targets = node.targets.filter { $0.at < count }
        nodes.insert(lower, at: index + 1)
        for other in nodes.indices where other != index + 1 {
            guard let parent = nodes[other].parent else { continue }
            if parent == index {
                nodes[other].parent = index + 1
            } else if parent > index {
                nodes[other].parent = parent + 1
            }
        }
    }
}
