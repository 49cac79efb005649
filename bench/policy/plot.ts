import * as echarts from "echarts";
import type { Cost } from "./trial.ts";

export interface Panel {
  title: string;
  lines: { name: string; costs: readonly Cost[] }[];
  points: { name: string; cost: Cost }[];
}

const WIDTH = 1100;
const PANEL_WIDTH = 430;
const PANEL_HEIGHT = 300;
const COLOURS = ["#d97706", "#0891b2", "#2563eb", "#111827"];

/** Delay against polls, a panel for each distribution; an SVG document. */
export function plot(panels: readonly Panel[]): string {
  const chart = echarts.init(null, null, { renderer: "svg", ssr: true, width: WIDTH, height: 860 });
  const axis = { type: "log" as const, nameLocation: "middle" as const, splitLine: { show: true } };
  chart.setOption({
    animation: false,
    backgroundColor: "#ffffff",
    legend: { top: 8, data: panels[0]?.lines.map(({ name }) => name) ?? [] },
    title: panels.map(({ title }, at) => ({
      text: title,
      textStyle: { fontSize: 12, fontWeight: "normal" as const },
      left: place(at).left,
      top: place(at).top - 30,
    })),
    grid: panels.map((_, at) => ({ ...place(at), width: PANEL_WIDTH, height: PANEL_HEIGHT })),
    xAxis: panels.map((_, at) => ({ ...axis, gridIndex: at, name: "polls per task", nameGap: 25 })),
    yAxis: panels.map((_, at) => ({ ...axis, gridIndex: at, name: "mean delay, seconds", nameGap: 40 })),
    series: panels.flatMap(({ lines, points }, at) => [
      ...lines.map(({ name, costs }, line) => ({
        type: "line" as const,
        name,
        xAxisIndex: at,
        yAxisIndex: at,
        symbolSize: 5,
        color: COLOURS[line] ?? "#000000",
        lineStyle: { type: name.startsWith("optimum") ? ("dashed" as const) : ("solid" as const) },
        data: costs.map(point),
      })),
      {
        type: "scatter" as const,
        name: "without a forecast",
        xAxisIndex: at,
        yAxisIndex: at,
        color: "#dc2626",
        label: { show: true, position: "right" as const, formatter: "{b}" },
        data: points.map(({ name, cost }) => ({ name, value: point(cost) })),
      },
    ]),
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}

function place(at: number): { left: number; top: number } {
  return { left: 70 + (at % 2) * (PANEL_WIDTH + 110), top: 90 + Math.floor(at / 2) * (PANEL_HEIGHT + 90) };
}

function point({ polls, delaySeconds }: Cost): [number, number] {
  return [Number(polls.toFixed(3)), Number(delaySeconds.toFixed(3))];
}
