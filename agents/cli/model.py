"""``tenor train|evaluate|adopt``: the text model."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from agents.cli.options import AsJson, load_settings
from agents.cli.output import out, print_line, print_result

app = typer.Typer()

Mode = Literal["shipped", "online", "folds"]
Prior = Annotated[str, typer.Option(help="Weights to start from: shipped, expert, none, or a weights file.")]


@app.command(epilog="Example: tenor train labelled.jsonl --out weights.bin")
def train(
    files: Annotated[list[Path], typer.Argument(metavar="FILES", help="Labelled conversations (JSONL).")],
    to: Annotated[Path, typer.Option("--out", help="Weights file to write.")],
    prior: Prior = "shipped",
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the files.")] = 4,
    rate: Annotated[float, typer.Option(min=0.0001, max=1.0, help="AdaGrad learning rate.")] = 0.07,
    base_rate: Annotated[
        bool,
        typer.Option(help="Also learn the share of frustrated turns. Turn off for files selected for frustration."),
    ] = True,
) -> None:
    """Train the text model on labelled conversations."""
    from agents.training import train as training

    turns = training.train(files, to, training.TrainingPlan(training.resolve_weights(prior), epochs, rate, base_rate))
    print_line(f"trained on {turns} labelled turns, wrote {to}")


@app.command(epilog="Example: tenor evaluate labelled.jsonl --mode folds")
def evaluate(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Labelled conversations (JSONL).")],
    mode: Annotated[
        Mode,
        typer.Option(
            help="shipped: learn no labels. online: learn each conversation's labels after it. "
            "folds: cross-validate by conversation."
        ),
    ] = "shipped",
    folds: Annotated[int, typer.Option(min=2, help="Number of folds in mode folds.")] = 10,
    prior: Prior = "shipped",
    to: Annotated[
        Path | None, typer.Option("--out", help="Also write the predictions to this file, one per labelled turn.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Score the predictions of the live path on labelled conversations."""
    from agents.settings import loader
    from agents.training import dataset, scores, scores_view, train
    from agents.training import evaluate as evaluation

    predictions = evaluation.predict(
        dataset.read_conversations(file), mode, train.resolve_weights(prior), loader.load().config, folds
    )
    if to is not None:
        evaluation.write_predictions(to, predictions)
    print_result(scores.evaluate_predictions(predictions), as_json, json.dumps, scores_view.print_scores)


@app.command(epilog="Example: tenor adopt weights.bin")
def adopt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Weights file, as tenor train writes it.")],
) -> None:
    """Make all workers use the weights in FILE. Stop the learner first; when it restarts, it continues from them."""
    from agents.kafka.admin import topics
    from agents.learning.model_publisher import ModelPublisher
    from agents.schema_registry.client import codec_for
    from agents.training import train as training

    settings, weights = load_settings(), training.read_weights(file)
    topics.require_all(settings)
    ModelPublisher(settings, codec_for(settings)).publish(weights)
    out.print(f"published text model {weights.version}; the workers now use it", highlight=False)
