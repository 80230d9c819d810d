//! What an alert rule looks at: a metric that Azure has by itself, or one of the machine's own that is switched on first.

use clap::ValueEnum;

/// The metrics there are rules for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Metric {
    /// Bytes sent within the window; Azure has it of every machine
    #[default]
    NetworkOut,
    /// TCP segments sent per second, by the Azure Monitor Agent on Windows
    TcpSegmentsWindows,
    /// TCP segments sent per second, by Telegraf on Linux
    TcpSegmentsLinux,
}

impl Metric {
    /// As `--metric` names it; it stands in the rule's name.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::NetworkOut => "network-out",
            Self::TcpSegmentsWindows | Self::TcpSegmentsLinux => "tcp-segments",
        }
    }

    /// The metric's namespace; a machine's kind is that of its platform metrics.
    pub(super) fn namespace(self, kind: &'static str) -> &'static str {
        match self {
            Self::NetworkOut => kind,
            Self::TcpSegmentsWindows => "Azure.VM.Windows.GuestMetrics",
            Self::TcpSegmentsLinux => "Telegraf/nstat",
        }
    }

    /// The metric's name in it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::NetworkOut => "Network Out Total",
            Self::TcpSegmentsWindows => r"TCPv4\Segments Sent/sec",
            Self::TcpSegmentsLinux => "TcpOutSegs_rate",
        }
    }

    /// How its values within the window become one: as Azure's templates have it.
    pub(super) fn aggregation(self) -> &'static str {
        match self {
            Self::NetworkOut => "Total",
            Self::TcpSegmentsWindows | Self::TcpSegmentsLinux => "Average",
        }
    }

    /// The same as `az` has it.
    pub(super) fn short_aggregation(self) -> &'static str {
        match self {
            Self::NetworkOut => "total",
            Self::TcpSegmentsWindows | Self::TcpSegmentsLinux => "avg",
        }
    }

    /// Where nobody says one: a gigabyte in five minutes, five thousand segments a second.
    pub(super) fn usual_threshold(self) -> u64 {
        match self {
            Self::NetworkOut => 1_000_000_000,
            Self::TcpSegmentsWindows | Self::TcpSegmentsLinux => 5_000,
        }
    }

    /// Whether the machine's own agent sends it.
    pub(super) fn is_guest(self) -> bool {
        self != Self::NetworkOut
    }
}

/// The counter as the Azure Monitor Agent names it.
pub(super) const WINDOWS_COUNTER: &str = r"\TCPv4\Segments Sent/sec";

/// Telegraf's part: `TcpOutSegs` counts from the machine's start, so its growth per second is what is sent.
pub(super) const TELEGRAF: &str = r#"[[inputs.nstat]]
  fieldinclude = ["TcpOutSegs"]

[[aggregators.derivative]]
  namepass = ["nstat"]
  period = "60s"
  drop_original = true

[[outputs.azure_monitor]]
  namepass = ["nstat"]
"#;
