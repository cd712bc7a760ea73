import { html, useEffect, useRef, useState } from '../vendor/htm-preact.js';
import uPlot from '../vendor/uplot.js';
import { day, moment } from '../data/format.js';

const HEIGHT = 150;
const colorOf = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** Labels of the time axis: clocks, and the day where one begins. */
function timeLabels(seconds) {
  return seconds.map((second) => {
    const text = clock.format(second * 1000);
    return text === '00:00' ? day(second * 1000) : text;
  });
}

/** Dashed lines where a version was first seen. Names that would lie on each other are left out, the marks are not. */
function drawMarks(plot, marks) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio;
  let freeFrom = bbox.left;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colorOf('--faint');
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = 'right';
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  for (const { at, version } of marks) {
    const x = Math.round(plot.valToPos(at / 1000, 'x', true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const name = `deploy ${version.length > 24 ? `${version.slice(0, 23)}…` : version}`;
    const left = x - 5 * ratio - ctx.measureText(name).width;
    if (left < freeFrom) continue;
    ctx.fillText(name, x - 5 * ratio, bbox.top + 11 * ratio);
    freeFrom = x + 5 * ratio;
  }
  ctx.restore();
}

/** Values without a neighbour: no line shows them. */
function alone(plot, line) {
  const values = plot.data[line];
  return values.flatMap((value, at) =>
    (value ?? null) !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null
      ? [at]
      : [],
  );
}

/** Whether no line is ever above 0. */
const isEmpty = ([, ...lines]) => lines.every((line) => line.every((value) => !value));

function optionsOf({ lines, unit, marks, width, onPoint }) {
  const axis = {
    stroke: colorOf('--faint'),
    grid: { stroke: colorOf('--line2'), width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false } },
    padding: [8, 10, 0, 0],
    scales: {
      y: { range: (_plot, _min, max) => [0, max > 0 ? max * (marks.current.length > 0 ? 1.28 : 1.12) : 1] },
    },
    axes: [
      { ...axis, size: 26, values: (_plot, seconds) => timeLabels(seconds) },
      {
        ...axis,
        size: 56,
        values: (plot, values) => (isEmpty(plot.data) ? values.map(() => '') : values.map(unit)),
      },
    ],
    series: [
      {},
      ...lines.map(({ color, isFilled }) => ({
        stroke: colorOf(color),
        width: 1.4,
        points: { show: true, size: 4, fill: colorOf(color), filter: alone },
        ...(isFilled && { fill: `${colorOf(color)}26` }),
      })),
    ],
    hooks: {
      draw: [(plot) => drawMarks(plot, marks.current)],
      setCursor: [({ cursor: { idx } }) => onPoint(idx ?? null)],
    },
  };
}

/**
 * Lines over time. What a pointer is at is written in the heading; a screen reader hears `summary`.
 * @param points `[{ at }]` · `lines`: `[{ name, color, of: (point) => number | null, isFilled }]` · `unit`: how a value is written
 */
export function Chart({ title, sub, points, lines, unit, marks = [], summary }) {
  const box = useRef();
  const plot = useRef(null);
  const shownMarks = useRef(marks);
  const [index, setIndex] = useState(null);
  shownMarks.current = marks;
  const data = [
    points.map(({ at }) => at / 1000),
    ...lines.map(({ of }) => points.map((point) => of(point))),
  ];
  const latest = useRef(data);
  latest.current = data;
  useEffect(() => {
    const element = box.current;
    const make = () => {
      plot.current?.destroy();
      const width = Math.max(element.clientWidth - 16, 100);
      plot.current = new uPlot(
        optionsOf({ lines, unit, marks: shownMarks, width, onPoint: setIndex }),
        latest.current,
        element,
      );
    };
    make();
    const theme = matchMedia('(prefers-color-scheme: dark)');
    theme.addEventListener('change', make);
    const size = new ResizeObserver(() =>
      plot.current.setSize({ width: Math.max(element.clientWidth - 16, 100), height: HEIGHT }),
    );
    size.observe(element);
    return () => {
      size.disconnect();
      theme.removeEventListener('change', make);
      plot.current.destroy();
      plot.current = null;
    };
  }, []);
  const last = points.at(-1);
  useEffect(() => plot.current?.setData(latest.current), [points]);
  const at = index === null ? null : points[index];
  const id = title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return html`<section class="panel" aria-labelledby=${id}>
    <div class="ph">
      <h2 id=${id}>${title}</h2>
      ${lines.map(({ name, color, of }) => html`<span class="key ${color.replace('--c', 'k')}"><i></i>${name}${at && html` <b>${unit(of(at)) || '–'}</b>`}</span>`)}
      <span class="grow"></span><span class="sub">${at ? moment(at.at, last.at) : sub}</span>
    </div>
    <div class="chart" ref=${box} role="img" aria-label="${title}. ${summary}"></div>
    ${isEmpty(data) && html`<p class="nothing">Nothing happened in these hours.</p>`}
  </section>`;
}
