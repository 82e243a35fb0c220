import ArgumentParser
import Foundation
import Tensors
import Training

/// `pallet train processes`: a check of the processes that a launcher starts, before a long run.
struct TrainProcessesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "processes",
        abstract: text(
            "检查多机训练的各进程：mpirun -np 4 --bind-to none pallet train processes",
            "Checks the processes of a run on several machines: mpirun -np 4 --bind-to none pallet train processes"))

    func run() throws {
        let group: any Communicator
        do {
            group = try ProcessLauncher.communicator()
        } catch {
            throw Failure(.unavailable, Failure.chinese(error), "\(error)")
        }
        do {
            let machine = "\(ProcessInfo.processInfo.hostName), \(ProcessInfo.processInfo.activeProcessorCount)"
            let machines = try group.allGather(Array(machine.utf8)).map { String(decoding: $0, as: UTF8.self) }
            try ProcessCheck.run(group, facts: [], pool: WorkerPool(threads: 1))
            if group.isLeader {
                for (rank, machine) in machines.enumerated() {
                    Output.line(text("进程 \(rank)：\(machine) 核", "process \(rank): \(machine) cores"))
                }
                let name = (group as? MPICommunicator)?.implementation.split(separator: "\n").first.map(String.init)
                Output.line(
                    text(
                        "\(group.size) 个进程，求和正确（\(name ?? "单进程")）",
                        "\(group.size) processes, sums are right (\(name ?? "a single process"))"))
            }
            try group.close()
        } catch {
            // The others would wait for this process if it just ended.
            Output.note(text("pallet：\(Failure.chinese(error))", "pallet: \(error)"))
            group.abort(code: Failure.Code.unavailable.rawValue)
        }
    }
}
