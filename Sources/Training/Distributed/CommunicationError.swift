/// What can go wrong between the processes of one training run.
public enum CommunicationError: Error, Equatable, Sendable {
    /// A launcher started several processes, but the library that speaks MPI is not there.
    case noLibrary(processes: Int, searched: [String])
    /// The library cannot be used.
    case unusableLibrary(path: String, reason: String)
    /// MPI sees another number of processes than the launcher started: mostly each sees only itself.
    case worldSize(launcher: Int, variable: String, mpi: Int, library: String)
    /// A call failed or waited too long.
    case failed(operation: String, rank: Int, reason: String)
    /// The processes do not agree on something that must be equal: the value by rank.
    case disagreement(about: String, values: [String])
    /// The parts of a sum are not one for each index, or of different lengths.
    case parts(reason: String)
}

extension CommunicationError: CustomStringConvertible {
    /// What is wrong, where, what to do.
    public var description: String {
        switch self {
        case .noLibrary(let processes, let searched):
            "\(processes) processes were started together, but libpallet-mpi.so is not there (searched: "
                + "\(searched.joined(separator: ", "))). Build it on this machine with scripts/build-mpi-shim.sh, or name "
                + "it in PALLET_MPI_SHIM."
        case .unusableLibrary(let path, let reason):
            "\(path) cannot be used: \(reason). Build it again with scripts/build-mpi-shim.sh and the mpicc of the MPI "
                + "that launches."
        case .worldSize(let launcher, let variable, let mpi, let library):
            "The launcher started \(launcher) processes (\(variable)), but MPI sees \(mpi): libpallet-mpi.so was built "
                + "for another MPI (\(library)) than the one that launches. Build it with that one's mpicc; under Slurm "
                + "choose the matching srun --mpi=…"
        case .failed(let operation, let rank, let reason): "Process \(rank), \(operation): \(reason)."
        case .disagreement(let about, let values):
            "The processes differ in \(about): "
                + values.enumerated().map { "process \($0.offset) has \($0.element)" }.joined(separator: ", ")
                + ". Start all with the same program, files and options."
        case .parts(let reason): "The parts of a sum over all processes do not fit together: \(reason)."
        }
    }
}
