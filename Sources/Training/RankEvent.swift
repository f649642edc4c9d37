import Runs

/// What happens on a rank that follows the leader of a run; all but its own part of it the leader says, too.
public enum RankEvent: Sendable {
  /// The rank has the state of the run, and takes these places of each batch; it holds so many of the parameters.
  case began(places: Range<Int>, parameters: Int, ofParameters: Int)
  /// A step failed; the state is that before it.
  case failed(RunError)
  /// The run is over, or interrupted, after so many steps by this rank.
  case ended(steps: Int, sentBytes: Int)
}
