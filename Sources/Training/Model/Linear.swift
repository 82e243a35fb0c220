import Tensors

/// A vector or matrix of the model that is either trained or kept as it is.
enum Tensor: Sendable {
    case trained(Parameter)
    case frozenMatrix(WeightMatrix)
    case frozenVector(FloatBuffer)
}

/// What an adapter adds to a linear layer: y = W x + s · B (A x) (Hu et al., 2022), with DoRA
/// y = (m / n) ∘ (W x + s · B (A x)), n the norms of the rows of W + s B A (Liu et al., 2024).
struct LowRank: Sendable {
    /// [rank, in], [out, rank]
    let a: Parameter, b: Parameter
    /// [out]
    let magnitude: Parameter?
    /// s: α / r, or α / √r for rsLoRA.
    let scale: Float

    var rank: Int { a.rows }
}

/// y = x Wᵀ + b.
struct Linear: Sendable {
    /// GGUF name of the module, without `.weight`.
    let name: String
    /// Width of the output, of the input.
    let rows: Int, columns: Int
    let weight: Tensor
    let bias: Tensor?
    var lowRank: LowRank?
    /// Place of A x in the activations kept of a layer; index of the product kept for DoRA.
    var place = 0

    func turned(_ arena: ParameterArena) -> RightFactor {
        switch weight {
        case .trained(let parameter): .turned(arena.value(parameter))
        case .frozenMatrix(let matrix): .weightsTurned(matrix)
        case .frozenVector: preconditionFailure("a vector is no linear layer")
        }
    }

    func plain(_ arena: ParameterArena) -> RightFactor {
        switch weight {
        case .trained(let parameter): .values(arena.value(parameter))
        case .frozenMatrix(let matrix): .weights(matrix)
        case .frozenVector: preconditionFailure("a vector is no linear layer")
        }
    }

    func biasView(_ arena: ParameterArena) -> MatrixView? {
        switch bias {
        case .trained(let parameter): arena.value(parameter)
        case .frozenVector(let buffer): MatrixView(buffer, rows: 1, columns: rows)
        case .frozenMatrix, nil: nil
        }
    }

    /// Whether anything of the layer is trained.
    var isTrained: Bool {
        if case .trained = weight { return true }
        if case .trained = bias { return true }
        return lowRank != nil
    }
}

/// Panels for packed factors, taken one after the other by every worker alike.
struct PanelSpace {
    let buffer: FloatBuffer
    private var used = 0

    init(_ buffer: FloatBuffer) { self.buffer = buffer }

    mutating func take(m: Int, depth: Int) -> PackedFactor {
        let packed = PackedFactor(in: buffer, at: used, m: m, depth: depth)
        used += PackedFactor.floats(m: m, depth: depth)
        return packed
    }

    mutating func reset() { used = 0 }
}

/// One use of a linear layer: where its output, A x (times s) and DoRA's product go.
struct LinearUse {
    let linear: Linear
    /// [rows, out]; in the backward pass the gradient of it, which DoRA changes in place.
    let output: MatrixView
    /// [rows, rank]
    let mid: MatrixView?
    /// [rows, out]: W x + s B A x, which DoRA's magnitudes multiply.
    let product: MatrixView?
}

/// Linear layers over the rows of a batch, run alike by all workers of a region.
struct LinearPass {
    let worker: Worker
    let arena: ParameterArena
    /// DoRA: m / n of each layer with magnitudes, by the offset of its magnitudes.
    let ratios: [Int: MatrixView]
    /// Inputs as int8 codes by their width, where frozen weights are multiplied by the serving kernels; empty: exact.
    var codes: [Int: ActivationBuffer] = [:]

    /// Layers that share the input x [rows, in].
    func forward(_ uses: [LinearUse], x: MatrixView, _ panels: inout PanelSpace) {
        panels.reset()
        let coded = codes[x.columns], quantised = uses.filter { coded != nil && $0.takesCodes }
        let needsPanels = uses.contains { coded == nil || !$0.takesCodes || $0.linear.lowRank != nil }
        let input = panels.take(m: x.rows, depth: x.columns)
        if needsPanels { worker.pack(x, into: input) }
        if let coded, !quantised.isEmpty {
            worker.copy(x, to: MatrixView(coded.values, rows: x.rows, columns: x.columns))
            worker.quantise(coded, rows: x.rows)
            worker.project(
                quantised.compactMap { $0.projection(arena) }, coded, rows: x.rows)
        }
        let adapted = uses.filter { $0.linear.lowRank != nil }
        var mids: [Int: PackedFactor] = [:]
        if !adapted.isEmpty {
            worker.compute(
                adapted.map { use in
                    ProductSum([(input, .turned(arena.value(use.low.a)))], into: use.middle)
                })
            for use in adapted {
                worker.scale(use.low.scale, use.middle)
                let packed = panels.take(m: x.rows, depth: use.low.rank)
                worker.pack(use.middle, into: packed)
                mids[use.low.a.offset] = packed
            }
        }
        worker.compute(
            uses.compactMap { use in
                let isDone = coded != nil && use.takesCodes
                var terms = isDone ? [] : [(left: input, right: use.linear.turned(arena))]
                if let low = use.linear.lowRank, let mid = mids[low.a.offset] {
                    terms.append((mid, .turned(arena.value(low.b))))
                }
                if terms.isEmpty { return nil }
                guard let product = use.product else {
                    let bias = isDone ? nil : use.linear.biasView(arena)
                    return ProductSum(terms, into: use.output, bias: bias, accumulate: isDone)
                }
                return ProductSum(terms, into: product, accumulate: isDone)
            })
        for use in uses {
            guard let product = use.product, let ratio = use.ratio(ratios) else { continue }
            worker.copy(product, to: use.output)
            worker.scaleColumns(use.output, by: ratio)
            if let bias = use.linear.biasView(arena) { worker.addRow(bias, to: use.output) }
        }
    }

    /// Gradients of layers that share the input x from those of their outputs (in `output`, [rows, out]); those of x
    /// go to dx where it is given.
    func backward(_ uses: [LinearUse], x: MatrixView, dx: MatrixView?, _ panels: inout PanelSpace) {
        for use in uses { beforeProduct(use) }
        panels.reset()
        var terms: [(left: PackedFactor, right: RightFactor)] = []
        for use in uses {
            let dy = use.output, low = use.linear.lowRank
            guard dx != nil || low != nil else { continue }
            let packed = panels.take(m: dy.rows, depth: dy.columns)
            worker.pack(dy, into: packed)
            terms.append((packed, use.linear.plain(arena)))
            guard let low else { continue }
            // d(A x) = s · dy B, after dB has used A x.
            weightGradient(low.b, dy: dy, x: use.middle, panels)
            worker.compute([ProductSum([(packed, .values(arena.value(low.b)))], into: use.middle)])
            worker.scale(low.scale, use.middle)
            weightGradient(low.a, dy: use.middle, x: x, panels)
            let mid = panels.take(m: dy.rows, depth: low.rank)
            worker.pack(use.middle, into: mid)
            terms.append((mid, .values(arena.value(low.a))))
        }
        if let dx { worker.compute([ProductSum(terms, into: dx)]) }
        for use in uses {
            if case .trained(let weight) = use.linear.weight {
                panels.reset()
                weightGradient(weight, dy: use.output, x: x, panels)
            }
        }
    }

    /// dW += dyᵀ x
    private func weightGradient(_ parameter: Parameter, dy: MatrixView, x: MatrixView, _ panels: PanelSpace) {
        var panels = panels
        let turned = panels.take(m: dy.columns, depth: dy.rows)
        worker.pack(dy, turned: true, into: turned)
        worker.compute([ProductSum([(turned, .values(x))], into: arena.gradient(parameter), accumulate: true)])
    }

    /// Bias and magnitude, which stand behind the product.
    private func beforeProduct(_ use: LinearUse) {
        if case .trained(let bias) = use.linear.bias {
            worker.addColumnSums(of: use.output, to: arena.gradient(bias))
        }
        guard let magnitude = use.linear.lowRank?.magnitude, let product = use.product,
            let ratio = use.ratio(ratios)
        else { return }
        // y = m · (product / n): dm = Σ dy · product / n = Σ dy · product · (m / n) / m.
        worker.addColumnSums(of: use.output, times: product, to: arena.gradient(magnitude))
        worker.scaleColumns(use.output, by: ratio)
    }
}

extension LinearUse {
    /// Whether the weights are quantised, so that the serving kernels can multiply them with int8 codes.
    fileprivate var takesCodes: Bool {
        if case .frozenMatrix(let matrix) = linear.weight { matrix.storedType.blockLength > 1 } else { false }
    }

    /// The product of frozen weights by the serving kernels; with DoRA without the bias.
    fileprivate func projection(_ arena: ParameterArena) -> Projection? {
        guard case .frozenMatrix(let matrix) = linear.weight else { return nil }
        if let product { return Projection(weights: matrix, output: product.buffer) }
        var bias: FloatBuffer?
        if case .frozenVector(let buffer) = linear.bias { bias = buffer }
        return Projection(weights: matrix, bias: bias, output: output.buffer)
    }

    fileprivate var low: LowRank {
        guard let lowRank = linear.lowRank else { preconditionFailure("a layer without an adapter") }
        return lowRank
    }

    fileprivate var middle: MatrixView {
        guard let mid else { preconditionFailure("no place for A x") }
        return mid
    }

    fileprivate func ratio(_ ratios: [Int: MatrixView]) -> MatrixView? {
        linear.lowRank?.magnitude.flatMap { ratios[$0.offset] }
    }
}
