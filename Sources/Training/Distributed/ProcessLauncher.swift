public import FoundationEssentials

/// What the launcher of this process says about the group that it started, in the environment.
public struct ProcessLauncher: Sendable, Equatable {
    /// Processes that were started together; 1 without a launcher.
    public let count: Int
    /// The variable that says so, nil without a launcher.
    public let variable: String?

    /// Reads the environment: Open MPI, then MPICH and its family, then a step of Slurm.
    ///
    /// The order matters: mpirun may itself be a step of Slurm with a task per machine. A batch script of Slurm that is
    /// no step has SLURM_NTASKS although it is alone.
    public init(environment: [String: String]) {
        var candidates = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "MPI_LOCALNRANKS"]
        if environment["SLURM_PROCID"] != nil && environment["SLURM_STEP_ID"] != nil {
            candidates += ["SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"]
        }
        for name in candidates {
            if let text = environment[name], let count = Int(text), count >= 1 {
                self.count = count
                variable = name
                return
            }
        }
        count = 1
        variable = nil
    }

    /// Places where libpallet-mpi.so is looked for: `PALLET_MPI_SHIM`, beside the program, in `lib` beside its folder.
    static func libraryPaths(environment: [String: String], program: String) -> [String] {
        if let named = environment["PALLET_MPI_SHIM"], !named.isEmpty { return [named] }
        let folder = URL(fileURLWithPath: program).resolvingSymlinksInPath().deletingLastPathComponent()
        return [
            folder.appendingPathComponent("libpallet-mpi.so").path,
            folder.deletingLastPathComponent().appendingPathComponent("lib/libpallet-mpi.so").path,
        ]
    }

    /// Joins the group that the launcher started, or gives a `SingleProcess` where there is none.
    ///
    /// - Parameters:
    ///   - environment: Of this process; `PALLET_MPI_TIMEOUT` is the time limit of a wait in seconds (default 1800).
    ///   - program: Path of this program.
    /// - Throws: `CommunicationError` when several processes were started and the library is missing, cannot be used,
    ///   or sees another number of them.
    public static func communicator(
        environment: [String: String] = ProcessInfo.processInfo.environment,
        program: String = currentProgram
    ) throws(CommunicationError) -> any Communicator {
        let launcher = ProcessLauncher(environment: environment)
        guard launcher.count > 1, let variable = launcher.variable else { return SingleProcess() }
        let paths = libraryPaths(environment: environment, program: program)
        guard let path = paths.first(where: { FileManager.default.fileExists(atPath: $0) }) else {
            throw .noLibrary(processes: launcher.count, searched: paths)
        }
        let limit = environment["PALLET_MPI_TIMEOUT"].flatMap(Double.init) ?? 1800
        return try MPICommunicator(
            path: path, expected: (launcher.count, variable), timeLimit: limit.isFinite ? max(0, limit) : 0)
    }

    /// The path of this program: what the system says, or how it was called.
    public static var currentProgram: String {
        let link = "/proc/self/exe"
        if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link) { return path }
        return CommandLine.arguments.first ?? "pallet"
    }
}
