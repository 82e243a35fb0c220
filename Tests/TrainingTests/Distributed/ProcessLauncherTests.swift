import Foundation
import Testing
import Training

/// What the environment says about the group, and what happens where MPI is not as it says.
struct ProcessLauncherTests {
    @Test(
        arguments: [
            ([:], 1, nil), (["OMPI_COMM_WORLD_SIZE": "3"], 3, "OMPI_COMM_WORLD_SIZE"),
            (["PMI_SIZE": "2"], 2, "PMI_SIZE"),
            // A batch script of Slurm that is no step is alone.
            (["SLURM_NTASKS": "8"], 1, nil),
            (["SLURM_NTASKS": "8", "SLURM_PROCID": "0", "SLURM_STEP_ID": "0"], 8, "SLURM_NTASKS"),
            // mpirun inside an allocation: a step of Slurm has one task per machine.
            (
                ["OMPI_COMM_WORLD_SIZE": "4", "SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "0", "SLURM_STEP_ID": "0"],
                4,
                "OMPI_COMM_WORLD_SIZE"
            ),
            (["OMPI_COMM_WORLD_SIZE": "x", "PMI_SIZE": "-1"], 1, nil),
        ] as [([String: String], Int, String?)])
    func environment(_ environment: [String: String], _ count: Int, _ variable: String?) {
        let launcher = ProcessLauncher(environment: environment)
        #expect(launcher.count == count)
        #expect(launcher.variable == variable)
    }

    @Test func alone() throws {
        for environment in [[:], ["OMPI_COMM_WORLD_SIZE": "1"]] {
            let group = try ProcessLauncher.communicator(environment: environment, program: "/nowhere/pallet")
            #expect(group is SingleProcess && group.size == 1 && group.isLeader)
        }
    }

    @Test func libraryIsMissingOrIsNone() throws {
        #expect(
            throws: CommunicationError.noLibrary(
                processes: 2, searched: ["/nowhere/bin/libpallet-mpi.so", "/nowhere/lib/libpallet-mpi.so"])
        ) {
            _ = try ProcessLauncher.communicator(environment: ["PMI_SIZE": "2"], program: "/nowhere/bin/pallet")
        }
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).so")
        try Data("no library".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        #expect {
            _ = try ProcessLauncher.communicator(
                environment: ["PMI_SIZE": "2", "PALLET_MPI_SHIM": file.path], program: "pallet")
        } throws: { error in
            guard case .unusableLibrary(let path, _)? = error as? CommunicationError else { return false }
            return path == file.path && "\(error)".contains("build-mpi-shim.sh")
        }
    }

    /// A library of the system without our functions is refused by name of the first one.
    @Test func anotherLibrary() {
        #expect {
            _ = try ProcessLauncher.communicator(
                environment: ["PMI_SIZE": "2", "PALLET_MPI_SHIM": "/lib/x86_64-linux-gnu/libm.so.6"], program: "pallet")
        } throws: { error in "\(error)".contains("pallet_mpi_version") || "\(error)".contains("not there") }
    }
}
