"""What an audit looks for."""

from __future__ import annotations

from dataclasses import dataclass

from .imports import is_aside


@dataclass(frozen=True)
class Topic:
    """One thing that bites later."""

    name: str
    why: str
    """What it does to an engine here."""

    fix: str
    """What whoever writes the engine does about it."""

    serious: bool = True
    """An engine does not work, or not everywhere, unless something is done."""


@dataclass(frozen=True)
class Finding:
    """A place where it is."""

    topic: Topic
    place: str
    """`package/module.py:12`, or what else it is in."""

    what: str

    @property
    def is_aside(self) -> bool:
        """Whether it is in what an engine does not come by."""
        return is_aside(self.place)


PINS = Topic(
    "Conflicting pins",
    "It cannot be installed into an environment whose packages are pinned to other versions.",
    "Give it an environment of its own, or install it with --no-deps and list what it really imports.",
)
ORIGINS = Topic(
    "Packages from elsewhere",
    "What is not on PyPI is neither pinned nor there tomorrow.",
    "Pin a commit, or use a package of PyPI that has the same code.",
)
MAP_LOCATION = Topic(
    "torch.load without map_location",
    "A checkpoint that was saved on a GPU does not load on a machine without one.",
    "Load the weights in the engine yourself with map_location, or convert them to safetensors.",
)
PICKLES = Topic(
    "Pickles",
    "What is unpickled can run any code.",
    "Convert the files once to safetensors, and load only those.",
    serious=False,
)
TOKEN = Topic(
    "token=True",
    "Without a stored token of the hub every download fails, also that of a public file; workers have no token.",
    "Have the service fetch the files, and load from the folder.",
)
GATED = Topic(
    "Gated repositories",
    "A repository that wants an account and consent is named inside the package.",
    "Set the path in its configuration to a local folder; name the mirror or the consent in models.yaml.",
)
DOWNLOADS = Topic(
    "Downloads at run time",
    "Workers are offline: a download from inside the code fails.",
    "List the files under `hub` in models.yaml, and hand the code a local folder.",
    serious=False,
)
TORCHAUDIO = Topic(
    "torchaudio.load",
    "torchaudio 2.9 and later read and write files only with torchcodec, and its CUDA build does not import on a CPU.",
    "Read the file with soundfile or `engines/prompts.py`, and pass the samples.",
)
TORCHAUDIO_IMPORT = Topic(
    "Imports torchaudio",
    "PyPI's torchaudio is linked to CUDA: with a torch for processors only its import raises OSError.",
    "Pin the torchaudio of the same index as torch, or do without the module.",
    serious=False,
)
FLOAT64 = Topic(
    "float64",
    "Samples of librosa, soundfile and numpy are float64: a model in float32 refuses them, and Apple's GPUs know none.",
    "Convert to float32 where the samples enter the model.",
    serious=False,
)
DEVICE = Topic(
    "Fixed to CUDA",
    "It fails on machines without an NVIDIA GPU, or uses the first GPU whatever the service has chosen.",
    "Pass the device; where there is no argument for it, move the module after it was made.",
)
GLOBALS = Topic(
    "Changes the whole process",
    "Models of other engines are in the same process, and get these settings too.",
    "Put the setting back after the import, or give the engine an environment of its own.",
    serious=False,
)
REMOTE_CODE = Topic(
    "Runs code that comes with a model",
    "Whoever can change the repository runs code on the machine.",
    "Pin the revision, and pass on `trust_remote_code` of the model's entry.",
    serious=False,
)
SOURCE = Topic(
    "inspect.getsource and typeguard",
    "It reads its own source, which is not there in a frozen or stripped build.",
    "Nothing in an environment made here; keep the .py files.",
    serious=False,
)
SCRIPT = Topic(
    "torch.jit.script",
    "It compiles from source when it is imported: slow, gone from newer torch, and impossible in a frozen build.",
    "Replace the function by the same one without the decorator.",
    serious=False,
)
METADATA = Topic(
    "importlib.metadata and pkg_resources",
    "It asks for the versions of installed packages; pkg_resources has left setuptools with version 81.",
    "Keep the .dist-info folders; for pkg_resources pin setuptools<81 in the environment.",
    serious=False,
)
DATA = Topic(
    "Data files",
    "It reads files that lie beside its code.",
    "Nothing in an environment made here; see that --no-deps leaves none of them out.",
    serious=False,
)
NATIVE = Topic(
    "Native libraries and system paths",
    "It looks for libraries or data where only some systems have them.",
    "Set the path from the engine, or add a package that brings the library, and say so in `problem`.",
)

TOPICS = (
    PINS,
    ORIGINS,
    MAP_LOCATION,
    TOKEN,
    GATED,
    TORCHAUDIO,
    DEVICE,
    NATIVE,
    DOWNLOADS,
    PICKLES,
    REMOTE_CODE,
    GLOBALS,
    FLOAT64,
    SCRIPT,
    SOURCE,
    METADATA,
    DATA,
    TORCHAUDIO_IMPORT,
)
"""The serious ones first."""
