import Inference
import Testing

/// The scheduler is a value: events in, a plan out.
struct SchedulerTests {
    private func started(_ totals: [Int], limits: Scheduler.Limits = .init()) -> Scheduler {
        var scheduler = Scheduler(limits: limits)
        for (id, total) in totals.enumerated() {
            let taken = scheduler.submit(id, total: total)
            #expect(taken)
        }
        for id in scheduler.admit() { scheduler.started(id, cached: 0) }
        return scheduler
    }

    @Test func aPromptIsCutIntoSteps() {
        var scheduler = started([1000], limits: .init(stepTokens: 400))
        var seen: [Int] = []
        for _ in 0..<3 {
            let slice = scheduler.plan()[0]
            seen.append(slice.count)
            #expect(slice.start == seen.dropLast().reduce(0, +))
            scheduler.computed(slice, tokenAppended: slice.completes)
        }
        #expect(seen == [400, 400, 200])
        #expect(scheduler.plan() == [.init(request: 0, start: 1000, count: 1, completes: true)])
    }

    @Test func whoeverIsAnsweredGoesBeforePrompts() {
        var scheduler = started([3, 500], limits: .init(stepTokens: 512, sharedPromptTokens: 64))
        for slice in scheduler.plan() { scheduler.computed(slice, tokenAppended: slice.completes) }
        // Request 0 decodes now; a third one arrives with a long prompt.
        _ = scheduler.submit(2, total: 800)
        for id in scheduler.admit() { scheduler.started(id, cached: 0) }
        let plan = scheduler.plan()
        #expect(plan.first == .init(request: 0, start: 3, count: 1, completes: true))
        #expect(plan.reduce(0) { $0 + $1.count } <= 2 + 64)
    }

    @Test func cachedTokensAreNotComputedAgain() {
        var scheduler = Scheduler()
        _ = scheduler.submit(9, total: 100)
        let admitted = scheduler.admit()
        #expect(admitted == [9])
        scheduler.started(9, cached: 80)
        #expect(scheduler.plan() == [.init(request: 9, start: 80, count: 20, completes: true)])
    }

    @Test func theQueueIsBounded() {
        var scheduler = Scheduler(limits: .init(running: 1, waiting: 2))
        let first = scheduler.submit(0, total: 1)
        let admitted = scheduler.admit()
        let waiting = [1, 2, 3].map { scheduler.submit($0, total: 1) }
        #expect(first && admitted == [0] && waiting == [true, true, false])
        scheduler.remove(1)
        let another = scheduler.submit(4, total: 1)
        scheduler.remove(0)
        let next = scheduler.admit()
        #expect(another && next == [2])
    }

    @Test func aRemovedRequestIsNeverPlanned() {
        var scheduler = started([10, 10])
        scheduler.remove(0)
        #expect(scheduler.plan().map(\.request) == [1])
        scheduler.remove(1)
        #expect(scheduler.plan().isEmpty && scheduler.isIdle)
    }
}
