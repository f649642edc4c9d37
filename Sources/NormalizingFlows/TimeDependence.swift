/// How a shared layer of the velocity depends on the time t: the layers of the published FFJORD code.
///
/// The names of a layer's parameters are the published ones, prefixed by the layer's name and a dot.
public enum TimeDependence: String, Sendable, CaseIterable, Codable {
  /// The time is one more input: W `[t, a]` + b. The published model's choice. `_layer` with weight `[out, 1 + in]`.
  case concat
  /// The time is ignored: W a + b. `_layer`.
  case ignore
  /// A gate that depends on the time: (W a + b) * sigmoid(v t + c). `_layer`, `_hyper` with weight `[out, 1]`.
  case squash
  /// A gate and a shift that depend on the time: (W a + b) * sigmoid(v t + c) + u t. `_layer`, `_hyper_bias.weight`
  /// `[out, 1]`, `_hyper_gate` with weight `[out, 1]`.
  case concatsquash
  /// The weights are functions of the time: `[b; W]` = B tanh(A t + c) + d, with a hidden layer of width eight.
  /// `_hypernet.0` with weight `[8, 1]`, `_hypernet.2` with weight `[out + out in, 8]`.
  case hyper
  /// An interpolation of two layers: (1 - t) (W0 a + b0) + t (W1 a + b1). `_layer0`, `_layer1`.
  case blend
  /// The time is ignored, and a second layer is the gate: (W a + b) * sigmoid(V a + c). `layer_f`, `layer_g`.
  case gated
}
