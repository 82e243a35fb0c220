internal import CKernels

/// The kernels of one CPU instruction set. All sets give equal bits; they differ in speed only.
public struct InstructionSet: Sendable, Equatable, CustomStringConvertible {
    /// Number among the sets of this machine, the plain one first.
    private let index: Int

    /// The constant table of the set's functions.
    var table: UnsafePointer<ck_set> { unsafe ck_set_at(index) ?? ck_current_set() }

    /// `scalar`, `avx2`, `avx512`.
    public var name: String { unsafe String(cString: table.pointee.name) }

    /// The same as `name`.
    public var description: String { name }

    /// The sets of this machine, the plain one first, the best one last.
    public static let available = (0..<ck_set_count()).map { InstructionSet(index: $0) }

    /// The set in use: what the environment variable `PALLET_ISA` names if this machine has it, else the best.
    public static let current: InstructionSet = {
        let name = unsafe String(cString: ck_isa_name())
        return available.first { $0.name == name } ?? InstructionSet(index: 0)
    }()
}
