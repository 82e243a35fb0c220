internal import CKernels

/// The kernels of one CPU instruction set. All sets give equal bits; they differ in speed only.
@safe
public struct InstructionSet: @unchecked Sendable, Equatable, CustomStringConvertible {
    // @unchecked: the pointer is to a constant table of the program; nothing is ever written there.
    let table: UnsafePointer<ck_set>

    /// `scalar`, `avx2`, `avx512`.
    public var name: String { unsafe String(cString: table.pointee.name) }

    /// The same as `name`.
    public var description: String { name }

    /// The set in use: what the environment variable `PALLET_ISA` names if this machine has it, else the best.
    public static let current = unsafe InstructionSet(table: ck_current_set())

    /// The sets of this machine, the plain one first, the best one last.
    public static let available: [InstructionSet] = (0..<ck_set_count()).compactMap { index in
        guard let table = unsafe ck_set_at(index) else { return nil }
        return unsafe InstructionSet(table: table)
    }

    /// Whether two values mean the same set.
    public static func == (left: InstructionSet, right: InstructionSet) -> Bool {
        unsafe left.table == right.table
    }
}
